import type { Container } from "@dagger.io/dagger"
import type { Images } from "./build.ts"
import { type PlannedLabels, planLabels } from "./core/labels.ts"
import { parseSemver } from "./core/semver.ts"
import type { ImageTags, TagOptions } from "./image-tags.ts"

/** What the caller says about the image itself. */
export interface LabelOptions {
  sourceUrl: string
  labels: string[]
  annotations: string[]
}

/** The labels and annotations of an image with these tags. */
export function imageLabels(options: LabelOptions, tags: TagOptions, planned: ImageTags): PlannedLabels {
  return planLabels({ ...options, ...tags, version: versionOf(tags, planned) })
}

/** The caller's own tag, else the first that the rules gave, else the version that the git tag names. */
function versionOf({ tags, tagRules, gitTag }: TagOptions, { all }: ImageTags): string {
  if (tags[0] !== undefined || tagRules.trim() !== "") return tags[0] ?? (all[0] as string)
  const name = gitTag.replace(/^refs\/tags\//, "")
  return parseSemver(name)?.version ?? name
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
