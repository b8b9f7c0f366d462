import { expect, test } from "vitest"
import {
  contents,
  imageTag,
  isCacheTag,
  markedDigest,
  marker,
  platformDigest,
  readManifest,
  stageTag,
  withKey,
} from "../../src/core/build-cache-tag.ts"
import { digest } from "./support/dockerfile-world.ts"

const key = digest("key")
const image = { mediaType: "application/x", digest: `sha256:${digest("image")}`, size: 7 }
const now = "2026-01-01T00:00:00.000Z"

test("the cache's tags are known by their form", () => {
  expect([stageTag(key), imageTag(key)].map(isCacheTag)).toEqual([true, true])
  expect(["latest", "buildcache-", "buildcache-image-1", `${stageTag(key)}0`].map(isCacheTag)).toEqual(
    Array(4).fill(false),
  )
})

test("a marker names its image, to whoever has its key", () => {
  expect(markedDigest(marker(key, image, now), key)).toBe(image.digest)
  expect(markedDigest(marker(key, image, now), digest("other"))).toBeUndefined()
})

test.each([
  ["no JSON", "<html>"],
  ["null", "null"],
  ["no annotations", "{}"],
  ["no image", JSON.stringify({ annotations: { "io.seamless.build-cache.key": key } })],
  [
    "a digest that is none",
    JSON.stringify({ annotations: { "io.seamless.build-cache.key": key }, manifests: [{ digest: "../x" }] }),
  ],
])("%s names no image", (_, text) => {
  expect(markedDigest(text, key)).toBeUndefined()
})

test("a manifest with a key keeps everything else", () => {
  const text = JSON.stringify({ config: { digest: "sha256:c" }, annotations: { a: "b" } })
  const written = withKey(text, key, now)
  expect(readManifest(written, key)).toMatchObject({
    config: { digest: "sha256:c" },
    annotations: { a: "b" },
  })
  expect(contents(written)).toEqual({ manifests: [], blobs: ["sha256:c"] })
})

test("an index has one image for a platform", () => {
  const of = (architecture: string, variant?: string) => ({
    digest: `sha256:${architecture}${variant ?? ""}`,
    platform: { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) },
  })
  const text = JSON.stringify({ manifests: [of("amd64"), of("arm", "v6"), of("arm", "v7")] })
  expect(platformDigest(text, "linux/amd64")).toBe("sha256:amd64")
  expect(platformDigest(text, "linux/arm/v7")).toBe("sha256:armv7")
  expect(platformDigest(text, "linux/s390x")).toBeUndefined()
  expect(platformDigest("{}", "linux/amd64")).toBeUndefined()
})
