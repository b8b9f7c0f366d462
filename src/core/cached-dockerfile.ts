import { type Findings, type Hash, keyStages, type StageKeys } from "./build-cache-key.ts"
import type { BuildGraph, StageNode } from "./build-graph.ts"
import { neededStages } from "./build-needs.ts"
import { shortText } from "./dockerfile.ts"
import { pinned, pinSources } from "./pin-sources.ts"
import { type Cut, cutStages, type StageCuts } from "./stage-cuts.ts"

/** A place of the build whose result is kept. */
export interface CachePoint {
  key: string
  /** Name of the stage in the rewritten Dockerfile that ends there. */
  stage: string
}

export interface CachedBuild {
  dockerfile: string
  /** The stage to build. */
  target: string
  /** The keys whose images it starts from, with what each of them is. */
  used: { key: string; reference: string; what: string }[]
  /** What is built, as `build from COPY . . on`. */
  built: string[]
  /** The images that it begins from, by their names in the Dockerfile. */
  bases: string[]
  /** What it makes and the cache does not have, in the order of the Dockerfile. */
  missing: CachePoint[]
}

/** What a Dockerfile is rewritten from. */
export interface Keyed {
  graph: BuildGraph
  keys: readonly StageKeys[]
  cuts: readonly StageCuts[]
  findings: Findings
}

/** Makes the keys of a Dockerfile. */
export function keyDockerfile(graph: BuildGraph, findings: Findings, hash: Hash): Keyed {
  return { graph, findings, keys: keyStages(graph, findings, hash), cuts: cutStages(graph) }
}

/** The keys of all places that can be kept, those at the ends of stages among them. */
export function cacheKeys(keyed: Keyed): string[] {
  const needed = neededStages(keyed.graph)
  return keyed.graph.stages
    .filter(({ index }) => needed.has(index))
    .flatMap(({ index }) => (keyed.cuts[index]?.cuts ?? []).flatMap((cut) => keyAt(keyed, index, cut) ?? []))
}

const keyAt = ({ keys }: Keyed, stage: number, { after }: Cut): string | undefined =>
  keys[stage]?.after[after]

/**
 * The Dockerfile with each stage begun from the image of its last part that is cached, and parted where its results are kept. Stages
 * that nobody needs any more are gone.
 *
 * @param available References of cached images by key.
 */
export function rewrite(keyed: Keyed, available: ReadonlyMap<string, string>): CachedBuild {
  const { graph } = keyed
  const starts = graph.stages.map((node) => findStart(keyed, node, available))
  const parts = [...neededFrom(graph, starts)]
    .sort((a, b) => a - b)
    .map((index) => writeStage(keyed, graph.stages[index] as StageNode, starts[index] as Start))
  const head = [...graph.dockerfile.directives, ...graph.dockerfile.globals.map(({ text }) => text)]
  return {
    dockerfile: `${[...head, ...parts.flatMap(({ lines }) => lines)].join("\n")}\n`,
    target: (graph.stages[graph.target] as StageNode).name,
    used: parts.flatMap(({ used }) => used),
    built: parts.flatMap(({ built }) => built),
    bases: [...new Set(parts.flatMap(({ bases }) => bases))],
    missing: parts.flatMap(({ missing }) => missing),
  }
}

/** Where a stage begins: at its base, or at a cut whose image is there. */
interface Start {
  after: number
  cached?: { key: string; reference: string }
}

function findStart(keyed: Keyed, { index }: StageNode, available: ReadonlyMap<string, string>): Start {
  for (const cut of [...(keyed.cuts[index]?.cuts ?? [])].reverse()) {
    const key = keyAt(keyed, index, cut)
    const reference = key === undefined ? undefined : available.get(key)
    if (key !== undefined && reference !== undefined) return { after: cut.after, cached: { key, reference } }
  }
  return { after: 0 }
}

/** The stages that are still needed when stages begin where they do. */
function neededFrom(graph: BuildGraph, starts: readonly Start[]): Set<number> {
  const needed = new Set<number>()
  const visit = (index: number): void => {
    if (needed.has(index)) return
    needed.add(index)
    const { base, steps } = graph.stages[index] as StageNode
    const { after, cached } = starts[index] as Start
    if (cached === undefined && base.kind === "stage") visit(base.index)
    for (const { inputs } of steps.slice(after))
      for (const input of inputs) if (input.kind === "stage") visit(input.index)
  }
  visit(graph.target)
  return needed
}

interface WrittenStage extends Pick<CachedBuild, "used" | "built" | "bases" | "missing"> {
  lines: string[]
}

/** One stage as the stages that it is parted into; the last one has its name. */
function writeStage(keyed: Keyed, node: StageNode, start: Start): WrittenStage {
  const { index, name, steps } = node
  const { cuts, inherited } = keyed.cuts[index] as StageCuts
  const lines: string[] = []
  const missing: CachePoint[] = []
  let from = begin(keyed, node, start, inherited, lines)
  let at = start.after
  const ends = cuts.filter(
    ({ after }) => after > at && keyAt(keyed, index, { after, args: [] }) !== undefined,
  )
  for (const after of [...new Set([...ends.map((cut) => cut.after), steps.length])]) {
    const stage = after === steps.length ? name : `seamless-${index}-${after}`
    const args = cuts.find((cut) => cut.after === at)?.args ?? []
    lines.push(`FROM ${from} AS ${stage}`, ...args)
    lines.push(...steps.slice(at, after).map((step) => pinSources(step, keyed.graph, keyed.findings.images)))
    const key = ends.some((cut) => cut.after === after) ? keyed.keys[index]?.after[after] : undefined
    if (key !== undefined) missing.push({ key, stage })
    from = stage
    at = after
  }
  return { lines, missing, ...tell(node, start) }
}

/** A stage by its name, or its number as Docker counts. */
const label = ({ index, source }: StageNode) => source.name ?? `stage ${index}`

function tell(node: StageNode, { after, cached }: Start): Pick<WrittenStage, "used" | "built" | "bases"> {
  const { steps } = node
  const name = label(node)
  const [last, next] = [steps[after - 1], steps[after]].map((step) => step && shortText(step.instruction))
  const what = next === undefined || last === undefined ? name : `${name} up to ${last}`
  return {
    used: cached === undefined ? [] : [{ ...cached, what }],
    bases: cached === undefined && node.base.kind === "image" ? [node.base.name] : [],
    built: next === undefined ? [] : [after === 0 ? name : `${name} from ${next} on`],
  }
}

/** Why parts of the build are never cached, one sentence a stage. */
export function uncached(keyed: Keyed): string[] {
  const needed = neededStages(keyed.graph)
  return keyed.graph.stages.flatMap((node) => {
    const { index, steps } = node
    const reason = needed.has(index) ? keyed.keys[index]?.reason : undefined
    if (reason === undefined) return []
    const step = steps[reason.step]
    const from = reason.step === 0 || step === undefined ? "" : ` from ${shortText(step.instruction)} on`
    return [`${label(node)}${from} is not cached: ${reason.text}`]
  })
}

/** The key of the finished image, when all that it is made of has one. */
export const imageKey = ({ graph, keys }: Keyed): string | undefined => {
  const end = keys[graph.target]
  return end?.reason === undefined ? end?.after.at(-1) : undefined
}

/**
 * What the stage's first part is built from. ARGs that a stage takes over from the one that it is built on have no say over an ENV
 * of its image, its own ones do: a stage in between keeps that order.
 */
function begin(
  { graph, findings }: Keyed,
  { index, base, source }: StageNode,
  { cached }: Start,
  inherited: readonly string[],
  lines: string[],
): string {
  if (cached !== undefined) {
    if (inherited.length === 0) return cached.reference
    lines.push(`FROM ${cached.reference} AS seamless-${index}-base`, ...inherited)
    return `seamless-${index}-base`
  }
  if (base.kind === "image") return pinned(base.name, findings.images)
  if (base.kind === "stage") return (graph.stages[base.index] as StageNode).name
  if (base.kind === "scratch") return "scratch"
  return source.platform === undefined ? source.base : `--platform=${source.platform} ${source.base}`
}
