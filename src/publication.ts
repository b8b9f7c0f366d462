import { type BuildOptions, buildImage } from "./build.ts"
import { parseDuration } from "./core/duration.ts"
import type { Timings } from "./core/report.ts"
import { type GateOptions, type Gates, gates, scanAll, signAll } from "./gates/gates.ts"
import { imageTags, type TagOptions } from "./image-tags.ts"
import { imageLabels, type LabelOptions, withLabels } from "./labels.ts"
import { prove } from "./prove.ts"
import { type Images, publishImage, type Registry } from "./publish.ts"
import type { SmokeTest } from "./smoke.ts"

/** An image that is to be built and published. */
export interface Publication {
  build: BuildOptions
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

/** Builds, smoke-tests and pushes. @returns A line for each name, with the digest, and one with `!` for each thing to know. */
export async function publish(from: Publication, to: readonly [Registry, ...Registry[]]): Promise<string> {
  const way = parseWay(from)
  const tags = await imageTags(from.build.source, from.tags)
  const labels = imageLabels(to[0].repository, from.labels, from.tags, tags)
  const images = withLabels(await buildImage(from.build), labels)
  const { digest, names, notes } = await pushProven(images, to, tags.all, way)
  const lines = [
    ...names.map((name) => `${name}@${digest}`),
    ...[...tags.notes, ...notes].map((note) => `! ${note}`),
  ]
  return lines.map((line) => `${line}\n`).join("")
}

/** Measures a phase. */
interface Watch {
  time<T>(phase: keyof Timings, work: Promise<T>): Promise<T>
}

/** Smoke test, scan, push, signature, in this order: nothing bad is pushed, and what is signed is in the registry. */
export async function pushProven(
  images: Images,
  to: readonly [Registry, ...Registry[]],
  tags: readonly string[],
  { test, gates: { scan, sign }, patience }: Way,
  watch: Watch = { time: (_, work) => work },
): Promise<{ digest: string; names: string[]; notes: string[] }> {
  const untested = await watch.time("smoke", prove(images, test))
  if (scan !== undefined) await watch.time("scan", scanAll(images, scan))
  const { digest, names, retries } = await watch.time("publish", publishImage(images, to, tags, patience))
  if (sign !== undefined) await watch.time("publish", signAll(to, digest, sign))
  return { digest, names, notes: [...untested, ...retries] }
}
