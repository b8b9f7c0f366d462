import type { Instruction } from "./dockerfile.ts"
import { cleanPath } from "./dockerignore.ts"

/** What an instruction takes from outside its stage. */
export type Input =
  /** Files of the context: paths with wildcards, `.` for all of it. */
  | { kind: "context"; paths: readonly string[] }
  | { kind: "stage"; index: number }
  | { kind: "image"; name: string }

interface Inputs {
  inputs: readonly Input[]
  uncacheable?: string
}

/** The whole context, for whatever cannot be told more exactly: at worst something is built once too often. */
const everything: Input = { kind: "context", paths: ["."] }

/** What an instruction takes from outside its stage, or why that cannot be told. */
export function readInputs(instruction: Instruction, stages: readonly string[]): Inputs {
  switch (instruction.keyword) {
    case "COPY":
      return copyInputs(instruction, stages)
    case "ADD":
      return addInputs(instruction)
    case "RUN":
      return runInputs(instruction, stages)
    default:
      return { inputs: [] }
  }
}

function copyInputs(instruction: Instruction, stages: readonly string[]): Inputs {
  const from = instruction.flags.find(({ name }) => name === "from")?.value
  if (from === undefined) return { inputs: contextInputs(instruction) }
  return fromInput(from, stages)
}

/** A stage by its name or number, or an image. */
function fromInput(from: string, stages: readonly string[]): Inputs {
  if (/["'\\`$]/.test(from))
    return { inputs: [], uncacheable: `it is not known what it takes files from: ${from}` }
  const index = /^\d+$/.test(from) ? Number(from) : stages.indexOf(from.toLowerCase())
  if (index >= 0 && index < stages.length) return { inputs: [{ kind: "stage", index }] }
  if (from === "context") return { inputs: [everything] }
  return { inputs: [{ kind: "image", name: from }] }
}

/** What comes from elsewhere may be something else tomorrow. */
function addInputs(instruction: Instruction): Inputs {
  const remote = instruction.words.find(
    (word) => /^[a-z][a-z0-9+.-]*:\/\//i.test(word) || /^[\w.-]+@/.test(word) || /\.git(#|$)/.test(word),
  )
  if (remote !== undefined) return { inputs: [], uncacheable: "it adds what is not in the source" }
  if (instruction.words.some((word) => word.includes("$")))
    return { inputs: [], uncacheable: "it is not known what it adds" }
  return { inputs: contextInputs(instruction) }
}

function contextInputs({ words, hasHeredoc }: Instruction): Input[] {
  const sources = words.slice(0, -1)
  if (sources.length === 0) return hasHeredoc ? [] : [everything]
  const paths = sources.map(plainPath)
  return paths.includes(".") ? [everything] : [{ kind: "context", paths: [...new Set(paths)].sort() }]
}

/** A path in the context, or all of it for one that is not plainly a path. Wildcards count in the last name only. */
function plainPath(source: string): string {
  const path = cleanPath(`/${source}`).slice(1)
  if (/[$"'\\`[\]!{}^]|\*\*/.test(path) || /[*?].*\//.test(path) || path.trim() !== path) return "."
  return path || "."
}

function runInputs({ flags, text, hasHeredoc }: Instruction, stages: readonly string[]): Inputs {
  const mounts = flags.filter(({ name }) => name === "mount").map(({ value = "" }) => value)
  // The parser may see fewer mounts than Docker does: rather none is cached than one with a secret.
  const written = [...(hasHeredoc ? (text.split("\n")[0] as string) : text).matchAll(/--mount\b/g)].length
  if (written !== mounts.length) return { inputs: [], uncacheable: "its mounts are not understood" }
  const all = mounts.map((mount) => mountInput(mount, stages))
  const reason = all.find(({ uncacheable }) => uncacheable !== undefined)?.uncacheable
  const inputs = all.flatMap((each) => each.inputs)
  return reason === undefined ? { inputs } : { inputs, uncacheable: reason }
}

/** A cache mount is no input: by its contract a result does not depend on what is in it. */
function mountInput(mount: string, stages: readonly string[]): Inputs {
  const options = new Map(
    mount.split(",").map((part): [string, string] => {
      const at = part.indexOf("=")
      return at < 0 ? [part.toLowerCase(), ""] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)]
    }),
  )
  const type = options.get("type") ?? "bind"
  if (type === "secret" || type === "ssh") return { inputs: [], uncacheable: `it mounts ${article(type)}` }
  if (type === "tmpfs") return { inputs: [] }
  const from = options.get("from")
  if (from !== undefined) return fromInput(from, stages)
  if (type === "cache") return { inputs: [] }
  if (type !== "bind") return { inputs: [], uncacheable: `it has a mount of type ${type}` }
  const source = options.get("source") ?? options.get("src")
  return { inputs: [source === undefined ? everything : { kind: "context", paths: [plainPath(source)] }] }
}

const article = (type: string) => (type === "ssh" ? "an SSH agent" : "a secret")
