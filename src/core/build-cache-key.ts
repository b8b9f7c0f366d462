import type { BuildGraph, StageNode, Step } from "./build-graph.ts"
import { selectionId } from "./build-needs.ts"
import type { Instruction } from "./dockerfile.ts"
import { significantText } from "./dockerfile.ts"
import type { Input } from "./step-inputs.ts"

/** Changes when keys come to mean something else. */
const format = "seamless build cache 1"

/** What was found out about the world outside. */
export interface Findings {
  /** Digests of images by name; one that could not be resolved is missing. */
  images: ReadonlyMap<string, string>
  /** Base images with ONBUILD: instructions that the Dockerfile does not show. */
  triggering: ReadonlySet<string>
  /** Digests of parts of the context, by {@link selectionId}. */
  selections: ReadonlyMap<string, string>
  /** What else a result depends on: platforms, version of the engine. */
  surroundings: readonly string[]
}

/** A hash of a text, as hex digits. */
export type Hash = (text: string) => string

export interface StageKeys {
  /** The key behind each number of steps; missing from the first step on that has none. */
  after: readonly (string | undefined)[]
  /** Why there is none, and from which step on. */
  reason?: { step: number; text: string }
}

/** The keys of all stages, in their order: each of everything that the result to that point depends on. */
export function keyStages(graph: BuildGraph, findings: Findings, hash: Hash): StageKeys[] {
  const digest = (parts: readonly unknown[]) => hash(JSON.stringify(parts))
  const root = digest([format, findings.surroundings, undeclaredArgs(graph)])
  const keyed: StageKeys[] = []
  for (const node of graph.stages) keyed.push(keyStage(node, graph, findings, keyed, root, digest))
  return keyed
}

function keyStage(
  node: StageNode,
  graph: BuildGraph,
  findings: Findings,
  before: readonly StageKeys[],
  root: string,
  digest: (parts: readonly unknown[]) => string,
): StageKeys {
  const base = baseParts(node, findings, before)
  if (typeof base === "string") return { after: [], reason: { step: 0, text: base } }
  const after = [digest([root, ...base])]
  for (const [index, step] of node.steps.entries()) {
    const parts = stepParts(step, graph, findings, before)
    if (typeof parts === "string") return { after, reason: { step: index, text: parts } }
    after.push(digest([after.at(-1), ...parts]))
  }
  return { after }
}

/** What the base adds to a key, or why it has none. */
function baseParts(
  { base }: StageNode,
  { images, triggering }: Findings,
  before: readonly StageKeys[],
): unknown[] | string {
  if (base.kind === "unknown") return base.reason
  if (base.kind === "scratch") return ["scratch"]
  if (base.kind === "stage") return endOf(before, base.index)
  if (triggering.has(base.name)) return `its base ${base.name} has ONBUILD`
  const digest = images.get(base.name)
  return digest === undefined ? `the digest of ${base.name} is not known` : ["image", digest]
}

function endOf(stages: readonly StageKeys[], index: number): unknown[] | string {
  const stage = stages[index]
  if (stage === undefined || stage.reason !== undefined) return "it needs a stage that is not cached"
  return ["stage", stage.after.at(-1)]
}

function stepParts(
  { instruction, inputs, uncacheable }: Step,
  graph: BuildGraph,
  findings: Findings,
  before: readonly StageKeys[],
): unknown[] | string {
  if (uncacheable !== undefined) return uncacheable
  const parts: unknown[] = [significantText(instruction)]
  if (instruction.keyword === "ARG") parts.push(argValues(instruction, graph))
  for (const input of inputs) {
    const part = inputParts(input, findings, before)
    if (typeof part === "string") return part
    parts.push(part)
  }
  return parts
}

function inputParts(input: Input, findings: Findings, before: readonly StageKeys[]): unknown[] | string {
  if (input.kind === "stage") return endOf(before, input.index)
  const digest =
    input.kind === "image"
      ? findings.images.get(input.name)
      : findings.selections.get(selectionId(input.paths))
  if (digest !== undefined) return [input.kind, digest]
  return input.kind === "image" ? `the digest of ${input.name} is not known` : "its files are not known"
}

/** Of each ARG what is given for it, or what it takes over from before the first FROM. */
function argValues({ sets }: Instruction, { args, globals, dockerfile }: BuildGraph): unknown[] {
  return sets.map(({ name, value }) => {
    const given = args.get(name)
    if (given !== undefined) return ["given", given]
    if (value !== undefined) return []
    const inherited = globals.get(name)
    if (inherited !== undefined) return ["inherited", inherited]
    // One whose value is not known may depend on all of them.
    return [
      dockerfile.globals.map(({ text, sets }) => [text, sets.map((each) => args.get(each.name) ?? null)]),
    ]
  })
}

/** Some work without being declared, as HTTP_PROXY. */
function undeclaredArgs({ dockerfile, args }: BuildGraph): unknown[] {
  const instructions = [...dockerfile.globals, ...dockerfile.stages.flatMap((stage) => stage.instructions)]
  const declared = new Set(
    instructions
      .filter(({ keyword }) => keyword === "ARG")
      .flatMap(({ sets }) => sets.map(({ name }) => name)),
  )
  return [...args].filter(([name]) => !declared.has(name)).sort()
}
