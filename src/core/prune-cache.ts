import { annotations, contents, isCacheTag, parseManifest } from "./build-cache-tag.ts"

/** A tag of a repository with the text of its manifest. */
export interface TaggedManifest {
  tag: string
  digest: string
  text: string
}

/** One image of the cache, by all of its tags. */
export interface CacheEntry {
  digest: string
  tags: string[]
  /** ISO 8601, as it was written when the image was stored; empty when nobody wrote it. */
  created: string
  /** Why it stays, or that it goes. */
  fate: "kept" | "old" | "needed by other tags"
}

/**
 * Which images of the cache are old: all but the newest. A registry deletes an image with all its tags, so one that has a tag which is
 * not the cache's own, or is part of such an image, stays whatever its age.
 *
 * @param keep How many are kept.
 * @returns The newest first.
 */
export function planPrune(manifests: readonly TaggedManifest[], keep: number): CacheEntry[] {
  const needed = new Set(
    manifests
      .filter(({ tag }) => !isCacheTag(tag))
      .flatMap(({ digest, text }) => [digest, ...contents(text).manifests]),
  )
  const entries = new Map<string, CacheEntry>()
  for (const { tag, digest, text } of manifests.filter((each) => isCacheTag(each.tag))) {
    const created = parseManifest(text)?.annotations?.[annotations.created] ?? ""
    const entry = entries.get(digest) ?? { digest, tags: [], created, fate: "old" }
    entries.set(digest, { ...entry, tags: [...entry.tags, tag].sort() })
  }
  let kept = 0
  return [...entries.values()].sort(newestFirst).map((entry) => {
    if (needed.has(entry.digest)) return { ...entry, fate: "needed by other tags" }
    kept++
    return { ...entry, fate: kept <= keep ? "kept" : "old" }
  })
}

/** By time, and by digest where that is the same, so that the order is always one. */
function newestFirst(a: CacheEntry, b: CacheEntry): number {
  return b.created.localeCompare(a.created) || a.digest.localeCompare(b.digest)
}

/** A line a tag, and a sum. */
export function renderPrune(entries: readonly CacheEntry[], dryRun: boolean): string {
  const gone = dryRun ? "would be deleted" : "deleted"
  const lines = entries.flatMap(({ tags, created, fate }) =>
    tags.map((tag) => `${tag}  ${created || "no time"}  ${fate === "old" ? gone : fate}\n`),
  )
  const old = entries.filter(({ fate }) => fate === "old").length
  return `${lines.join("")}${old} of ${entries.length} images of the build cache ${dryRun ? "would be" : "were"} deleted\n`
}
