import type { Directory } from "@dagger.io/dagger"
import { planImageTags } from "./core/image-tags.ts"

/** What the caller says about the build, for its tags. Times are in seconds since 1970. */
export interface TagOptions {
  tags: string[]
  commit: string
  branch: string
  gitTag: string
  tagRules: string
  tagFlavor: string
  pullRequest?: number
  baseBranch: string
  defaultBranch: string
  scheduled: boolean
  /** Default: now. */
  time?: number
  commitTime?: number
}

/** The tags of an image, and what is to be said about rules that gave none. */
export interface ImageTags {
  all: string[]
  /** The caller's first, else the first one planned. */
  deployed: string
  notes: string[]
}

/** The tags that the image gets, and the one that is deployed. Without anything known the source names itself. */
export async function imageTags(source: Directory, options: TagOptions): Promise<ImageTags> {
  const { time, commitTime, ...rest } = options
  const { tags, notes } = planImageTags({
    ...rest,
    time: time === undefined ? Date.now() : time * 1000,
    ...(commitTime === undefined ? {} : { commitTime: commitTime * 1000 }),
  })
  const all = tags.length > 0 ? tags : [await contentTag(source)]
  return { all, deployed: options.tags[0] ?? (all[0] as string), notes }
}

async function contentTag(source: Directory): Promise<string> {
  return `src-${(await source.digest()).replace(/^.*:/, "").slice(0, 12)}`
}
