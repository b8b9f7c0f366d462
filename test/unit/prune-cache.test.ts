import { expect, test } from "vitest"
import { imageTag, marker, stageTag } from "../../src/core/build-cache-tag.ts"
import { planPrune, renderPrune, type TaggedManifest } from "../../src/core/prune-cache.ts"
import { digest } from "./support/dockerfile-world.ts"

const key = (name: string) => digest(name)
const day = (number: number) => `2026-01-${String(number).padStart(2, "0")}T00:00:00.000Z`

const stage = (name: string, created: number): TaggedManifest => ({
  tag: stageTag(key(name)),
  digest: `sha256:${name}`,
  text: JSON.stringify({ annotations: { "org.opencontainers.image.created": day(created) } }),
})
const app = (tag: string, name: string, parts: string[] = []): TaggedManifest => ({
  tag,
  digest: `sha256:${name}`,
  text: JSON.stringify({ manifests: parts.map((part) => ({ digest: `sha256:${part}` })) }),
})

/** The fates by the last part of the digest. */
const fates = (manifests: TaggedManifest[], keep: number) =>
  planPrune(manifests, keep).map((entry) => `${entry.digest.replace("sha256:", "")} ${entry.fate}`)

test("the newest are kept", () => {
  expect(fates([stage("a", 1), stage("c", 3), stage("b", 2)], 2)).toEqual(["c kept", "b kept", "a old"])
})

test("an image that has a tag of its own stays, and does not count", () => {
  expect(fates([stage("a", 1), stage("b", 2), stage("c", 3), app("1.0.0", "a")], 1)).toEqual([
    "c kept",
    "b old",
    "a needed by other tags",
  ])
})

test("so does one that is part of an image with a tag of its own", () => {
  expect(fates([stage("a", 1), app("latest", "x", ["a"])], 0)).toEqual(["a needed by other tags"])
})

test("two tags of one image are one image", () => {
  const [one, other] = [stage("a", 1), { ...stage("a", 1), tag: stageTag(key("z")) }]
  expect(planPrune([one, other], 0)).toEqual([
    { digest: "sha256:a", tags: [one.tag, other.tag].sort(), created: day(1), fate: "old" },
  ])
})

test("what has no time goes first", () => {
  const old: TaggedManifest = { ...stage("a", 9), text: "not JSON" }
  expect(fates([old, stage("b", 1)], 1)).toEqual(["b kept", "a old"])
})

test("an app's tag that looks alike is none of the cache's", () => {
  expect(fates([{ ...stage("a", 1), tag: "buildcache-mine" }], 0)).toEqual([])
})

test("a marker goes by its own age, and not by the image that it names", () => {
  const image = { mediaType: "application/x", digest: "sha256:app", size: 1 }
  const text = marker(key("m"), image, day(1))
  const found = planPrune([{ tag: imageTag(key("m")), digest: "sha256:m", text }, app("1.0.0", "app")], 0)
  expect(found).toMatchObject([{ digest: "sha256:m", fate: "old" }])
})

test("the lines say what happened to each tag", () => {
  const entries = planPrune([stage("a", 1), stage("b", 2)], 1)
  expect(renderPrune(entries, false)).toBe(
    `${stageTag(key("b"))}  ${day(2)}  kept\n${stageTag(key("a"))}  ${day(1)}  deleted\n1 of 2 images of the build cache were deleted\n`,
  )
  expect(renderPrune(entries, true)).toContain("would be deleted")
})
