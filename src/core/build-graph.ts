import type { Dockerfile, Instruction, Stage } from "./dockerfile.ts"
import { expand } from "./dockerfile.ts"
import { InputError } from "./errors.ts"
import { type Input, readInputs } from "./step-inputs.ts"
import { shown } from "./text.ts"

/** What a stage begins with. */
export type Base =
  | { kind: "stage"; index: number }
  | { kind: "image"; name: string }
  | { kind: "scratch" }
  /** It cannot be told what it is: the stage is built, and never cached. */
  | { kind: "unknown"; reason: string }

export interface Step {
  instruction: Instruction
  /** What it takes from outside its stage. */
  inputs: readonly Input[]
  /** Why its result must not be kept, or cannot be told by a key. */
  uncacheable?: string
}

/** A stage of the Dockerfile whose references are resolved. */
export interface StageNode {
  index: number
  /** The stage's own name, or one that no stage has. */
  name: string
  source: Stage
  base: Base
  steps: readonly Step[]
}

export interface BuildGraph {
  dockerfile: Dockerfile
  stages: readonly StageNode[]
  target: number
  /** Default values of the ARGs before the first FROM, as given or written there. */
  globals: ReadonlyMap<string, string>
  args: ReadonlyMap<string, string>
}

export interface GraphOptions {
  target?: string
  args: ReadonlyMap<string, string>
  /** Of the image, and of the machine that builds it. */
  platform: string
  buildPlatform: string
  /** Names of stages whose results must not be kept. */
  exclude: readonly string[]
}

/** Why the Dockerfile cannot be cached by stages. */
export class UncacheableDockerfile extends Error {}

/** Resolves what the stages of a Dockerfile refer to. */
export function readGraph(dockerfile: Dockerfile, options: GraphOptions): BuildGraph {
  const names = dockerfile.stages.map(({ name }, index) => name ?? `seamless-stage-${index}`)
  if (new Set(names).size < names.length) throw new UncacheableDockerfile("two stages have the same name")
  if (dockerfile.stages.some(({ name }) => name?.startsWith("seamless-")))
    throw new UncacheableDockerfile("a stage has a name that begins with seamless-")
  const excluded = checkExcluded(options.exclude, names)
  const globals = readGlobals(dockerfile, options)
  const stages = dockerfile.stages.map((source, index): StageNode => {
    const before = names.slice(0, index)
    const why = excluded.has(index) ? { uncacheable: "it is excluded" } : {}
    const steps = source.instructions.map(
      (instruction): Step => ({ instruction, ...readInputs(instruction, before), ...why }),
    )
    return {
      index,
      name: names[index] as string,
      source,
      base: readBase(source, before, globals, options),
      steps,
    }
  })
  return { dockerfile, stages, target: targetIndex(names, options.target), globals, args: options.args }
}

/** @throws InputError for a name that no stage has: what must not be cached would be. */
function checkExcluded(exclude: readonly string[], names: readonly string[]): Set<number> {
  return new Set(
    exclude.map((name, index) => {
      const stage = names.indexOf(name.toLowerCase())
      if (stage >= 0) return stage
      const hint = "name one as it stands behind AS"
      throw new InputError(`cacheExclude[${index}]`, `the Dockerfile has no stage ${shown(name)}`, hint)
    }),
  )
}

function targetIndex(names: readonly string[], target: string | undefined): number {
  if (target === undefined || target === "") return names.length - 1
  const index = names.indexOf(target.toLowerCase())
  if (index < 0) throw new UncacheableDockerfile(`it has no stage ${target}`)
  return index
}

/** An ARG whose value is not a plain text is left out: what depends on it is not cached. */
function readGlobals({ globals }: Dockerfile, options: GraphOptions): Map<string, string> {
  const values = platformArgs(options)
  for (const { text, sets } of globals) {
    for (const { name, value } of sets) {
      const given = options.args.get(name)
      const written = value === undefined || /['\\`]/.test(text) ? undefined : expand(value, values)
      values.delete(name)
      if (given !== undefined) values.set(name, given)
      else if (written !== undefined) values.set(name, written)
    }
  }
  return values
}

function platformArgs({ platform, buildPlatform }: GraphOptions): Map<string, string> {
  const values = new Map<string, string>()
  for (const [prefix, text] of [
    ["TARGET", platform],
    ["BUILD", buildPlatform],
  ] as const) {
    const [os = "", arch = "", variant = ""] = text.split("/")
    values.set(`${prefix}PLATFORM`, text).set(`${prefix}OS`, os)
    values.set(`${prefix}ARCH`, arch).set(`${prefix}VARIANT`, variant)
  }
  return values
}

function readBase(
  { base, platform }: Stage,
  before: readonly string[],
  globals: ReadonlyMap<string, string>,
  options: GraphOptions,
): Base {
  if (platform !== undefined && expand(platform, globals) !== options.platform)
    return { kind: "unknown", reason: `it is for the platform ${platform}` }
  const name = expand(base, globals)
  if (name === undefined || name === "") return { kind: "unknown", reason: `its base ${base} is not known` }
  const index = before.indexOf(name)
  if (index >= 0) return { kind: "stage", index }
  return name === "scratch" ? { kind: "scratch" } : { kind: "image", name }
}
