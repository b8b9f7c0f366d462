import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  atRegistry,
  type CacheWorld,
  changedServer,
  expectSameAsPlain,
  publish,
  source,
  startWorld,
  stored,
} from "../support/build-cache.ts"

let world: CacheWorld

beforeAll(async () => {
  world = await startWorld()
  await publish(world, source(world))
})
afterAll(() => world?.session.close())

describe("a cache that is not right", () => {
  const other = (text: string) => source(world, changedServer(text))

  it("cannot be reached: it is built, and said", async () => {
    const { digest, notes } = await publish(world, other("unreachable"), {
      cacheFrom: "localhost:1/cache",
      cacheTo: "localhost:1/cache",
    })
    expect(notes.filter((note) => note.startsWith("the build cache cannot be read: "))).toHaveLength(1)
    expect(notes.filter((note) => note.startsWith("the build cache cannot be written: "))).toHaveLength(1)
    expect(notes).toContain("built: deps, build, tool, app")
    await expectSameAsPlain(world, digest, other("unreachable"))
  })

  it("has other images behind its tags: they are passed over", async () => {
    await atRegistry(
      world,
      `const odd = await manifest("test"); delete odd.digest
for (const tag of (await tags()).filter((tag) => tag.startsWith("buildcache-"))) await put(tag, odd)`,
    )
    const { digest, notes } = await publish(world, other("moved tags"))
    expect(notes).toEqual(["built: deps, build, tool, app"])
    await expectSameAsPlain(world, digest, other("moved tags"))
  })

  it("has images that cannot be unpacked: it begins earlier, and says so", async () => {
    await publish(world, other("before"))
    await atRegistry(
      world,
      `const layer = await upload(Buffer.from("no archive at all"))
for (const tag of (await tags()).filter((tag) => /^buildcache-[0-9a-f]{40}$/.test(tag))) {
  const { digest, ...found } = await manifest(tag)
  if (found.annotations?.["io.seamless.build-cache.key"] === undefined) continue
  // What the engine has by this name already it would not fetch.
  const config = await (await api("/blobs/" + found.config.digest)).json()
  config.rootfs.diff_ids[config.rootfs.diff_ids.length - 1] = "sha256:" + "1".repeat(64)
  const bytes = Buffer.from(JSON.stringify(config))
  found.config = { ...found.config, digest: await upload(bytes), size: bytes.length }
  found.layers[found.layers.length - 1] = { ...found.layers[found.layers.length - 1], digest: layer, size: 17 }
  await put(tag, found)
}`,
    )
    const { digest, notes } = await publish(world, other("broken layers"))
    expect(notes.join("\n")).toContain("cannot be fetched from the build cache: ")
    expect(notes).toContain("built: deps, build, tool, app")
    await expectSameAsPlain(world, digest, other("broken layers"))
  })

  it("names an image that is gone: it is built again", async () => {
    const { digest } = await publish(world, other("gone"))
    await atRegistry(world, `await remove("/manifests/${digest}")`)
    const again = await publish(world, other("gone"))
    expect(again.notes).not.toEqual(stored)
    await expectSameAsPlain(world, again.digest, other("gone"))
  })

  it("names an image without one of its layers: it is built again", async () => {
    const { digest } = await publish(world, other("no layer"))
    await atRegistry(
      world,
      `const { layers } = await manifest("${digest}"); await remove("/blobs/" + layers[layers.length - 1].digest)`,
    )
    const again = await publish(world, other("no layer"))
    expect(again.notes).not.toEqual(stored)
    await expectSameAsPlain(world, again.digest, other("no layer"))
  })
})
