import type { BuildOptions, Images } from "./build.ts"
import { parseDuration } from "./core/duration.ts"
import type { PlannedLabels } from "./core/labels.ts"
import type { Timings } from "./core/report.ts"
import { type GateOptions, type Gates, gates, scanAll, signAll } from "./gates/gates.ts"
import { type CacheOptions, type Image, obtainImage } from "./image.ts"
import { imageTags, type TagOptions } from "./image-tags.ts"
import { imageLabels, type LabelOptions } from "./labels.ts"
import { prove } from "./prove.ts"
import { publishImage } from "./publish.ts"
import type { Destinations, Registry } from "./registry.ts"
import type { SmokeTest } from "./smoke.ts"

/** An image that is to be built and published. */
export interface Publication {
  build: BuildOptions
  cache: CacheOptions
  test: SmokeTest
  tags: TagOptions
  labels: LabelOptions
  /** How long a registry in trouble is tried again, as a duration. */
  pushPatience: string
  gates: GateOptions
}

/** The way of an image from the build to its registries. */
export interface Way {
  test: SmokeTest
  gates: Gates
  /** Milliseconds. */
  patience: number
}

/** Checks what can be wrong about the way, before anything is built. */
export function parseWay({ test, pushPatience, gates: asked }: Omit<Publication, "build">): Way {
  return { test, gates: gates(asked), patience: parseDuration(pushPatience, "pushPatience") }
}

/**
 * Builds, smoke-tests and pushes.
 *
 * @returns A line for each name, with the digest, one with `!` for each thing to know, and one with `#` for how it came about.
 */
export async function publish(from: Publication, to: Destinations): Promise<string> {
  const way = parseWay(from)
  const tags = await imageTags(from.build.source, from.tags)
  const labels = imageLabels(from.labels, from.tags)
  const image = await obtain(from, to, way, labels)
  const { digest, names, notes } = await pushProven(image, to, tags.all, way)
  const made = [...image.notes, ...(await image.save(digest))]
  const lines = [
    ...names.map((name) => `${name}@${digest}`),
    ...[...tags.notes, ...notes].map((note) => `! ${note}`),
    ...made.map((note) => `# ${note}`),
  ]
  return lines.map((line) => `${line}\n`).join("")
}

/** An image in the repository is enough unless it is to be scanned, or other repositories need its layers. */
export async function obtain(
  { build, cache }: Pick<Publication, "build" | "cache">,
  [home, ...mirrors]: Destinations,
  { test, gates: { scan } }: Way,
  labels: PlannedLabels,
): Promise<Image> {
  const wanted = {
    labels,
    proof: test,
    anew: scan !== undefined || mirrors.length > 0,
  }
  return obtainImage(build, cache, home, wanted)
}

/** Measures a phase. */
interface Watch {
  time<T>(phase: keyof Timings, work: Promise<T>): Promise<T>
}

/** Smoke test, scan, push, signature, in this order: nothing bad is pushed, and what is signed is in the registry. */
export async function pushProven(
  image: Image,
  to: Destinations,
  tags: readonly string[],
  way: Way,
  watch: Watch = { time: (_, work) => work },
): Promise<{ digest: string; names: string[]; notes: string[] }> {
  const { sign } = way.gates
  const pushed = await (image.images === undefined
    ? watch.time("publish", tagStored(image.retag, to[0], tags))
    : pushBuilt(image.images, to, tags, way, watch))
  if (sign !== undefined) await watch.time("publish", signAll(to, pushed.digest, sign))
  return pushed
}

async function tagStored(
  retag: (tags: readonly string[]) => Promise<string>,
  { repository }: Registry,
  tags: readonly string[],
) {
  const digest = await retag(tags)
  return { digest, names: tags.map((tag) => `${repository}:${tag}`), notes: [] }
}

async function pushBuilt(
  images: Images,
  to: Destinations,
  tags: readonly string[],
  { test, gates: { scan }, patience }: Way,
  watch: Watch,
) {
  const untested = await watch.time("smoke", prove(images, test))
  if (scan !== undefined) await watch.time("scan", scanAll(images, scan))
  const { digest, names, retries } = await watch.time("publish", publishImage(images, to, tags, patience))
  return { digest, names, notes: [...untested, ...retries] }
}
