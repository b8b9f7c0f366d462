import { type BuildOptions, buildImage } from "./build.ts"
import { parseDuration } from "./core/duration.ts"
import { imageTags, type TagOptions } from "./image-tags.ts"
import { imageLabels, type LabelOptions, withLabels } from "./labels.ts"
import { prove } from "./prove.ts"
import { publishImage, type Registry } from "./publish.ts"
import type { SmokeTest } from "./smoke.ts"

/** An image that is to be built and published. */
export interface Publication {
  build: BuildOptions
  test: SmokeTest
  tags: TagOptions
  labels: LabelOptions
  /** How long a registry in trouble is tried again, as a duration. */
  pushPatience: string
}

/** Builds, smoke-tests and pushes. @returns A line for each name, with the digest, and one with `!` for each thing to know. */
export async function publish(from: Publication, to: readonly [Registry, ...Registry[]]): Promise<string> {
  const patience = parseDuration(from.pushPatience, "pushPatience")
  const tags = await imageTags(from.build.source, from.tags)
  const labels = imageLabels(to[0].repository, from.labels, from.tags, tags)
  const images = withLabels(await buildImage(from.build), labels)
  const untested = await prove(images, from.test)
  const { digest, names, retries } = await publishImage(images, to, tags.all, patience)
  const notes = [...tags.notes, ...untested, ...retries].map((note) => `! ${note}`)
  return [...names.map((name) => `${name}@${digest}`), ...notes].map((line) => `${line}\n`).join("")
}
