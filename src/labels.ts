import type { Container } from "@dagger.io/dagger"
import type { Images } from "./build.ts"
import { type PlannedLabels, planLabels } from "./core/labels.ts"
import { parseSemver } from "./core/semver.ts"
import { tagName } from "./core/tags.ts"
import type { TagOptions } from "./image-tags.ts"

/** What the caller says about the image itself. */
export interface LabelOptions {
  sourceUrl: string
  labels: string[]
  annotations: string[]
}

/** The labels and annotations of an image. Its version is the one of the git tag. */
export function imageLabels(options: LabelOptions, tags: TagOptions): PlannedLabels {
  const gitTag = tagName(tags.gitTag)
  return planLabels({ ...options, ...tags, version: parseSemver(gitTag)?.version ?? gitTag })
}

/** On the built containers: only their configuration changes, so no layer is built or pushed anew. */
export function withLabels(images: Images, plan: PlannedLabels): Images {
  const label = (image: Container) => {
    let labelled = image
    for (const [name, value] of plan.labels) labelled = labelled.withLabel(name, value)
    for (const [name, value] of plan.annotations) labelled = labelled.withAnnotation(name, value)
    return labelled
  }
  const [first, ...others] = images
  return [label(first), ...others.map(label)]
}
