import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  atRegistry,
  type CacheWorld,
  changedServer,
  publish,
  source,
  startWorld,
} from "../support/build-cache.ts"

let world: CacheWorld

beforeAll(async () => {
  world = await startWorld()
  await publish(world, source(world))
})
afterAll(() => world?.session.close())

describe("pruning", () => {
  const prune = async (options: object) =>
    (await world.session.call("pruneCache", {
      repository: "registry:5000/app",
      registryService: await world.registry.id(),
      ...options,
    })) as string
  const cacheTags = async () =>
    (await atRegistry(world, "console.log((await tags()).join(' '))"))
      .trim()
      .split(" ")
      .filter((tag) => tag.startsWith("buildcache-"))

  it("only lists, when it is told so", async () => {
    const before = await cacheTags()
    expect(await prune({ keep: 0, dryRun: true })).toContain("would be deleted")
    expect(await cacheTags()).toEqual(before)
  })

  it("deletes the old ones, keeps the newest, and never what has a tag of its own", async () => {
    const { digest } = await publish(world, source(world, changedServer("kept")), {
      tags: ["mine"],
    })
    await atRegistry(
      world,
      `const all = await Promise.all((await tags()).filter((tag) => /^buildcache-[0-9a-f]{40}$/.test(tag)).map(manifest))
const created = ({ annotations }) => annotations["org.opencontainers.image.created"]
const [oldest] = all.sort((a, b) => created(a).localeCompare(created(b)))
const bytes = await (await api("/manifests/" + oldest.digest, { headers: accept })).text()
await put("also-mine", oldest, bytes)`,
    )
    const text = await prune({ keep: 2 })
    expect(text).toContain("needed by other tags")
    const left = await cacheTags()
    expect(left).toHaveLength(3)
    const digests = await atRegistry(
      world,
      'for (const tag of ["mine", "also-mine"]) console.log((await manifest(tag)).digest)',
    )
    expect(digests.split("\n")[0]).toBe(digest)
    expect(digests.split("\n")[1]).toMatch(/^sha256:/)
    expect(await prune({ keep: 2 })).toContain("0 of 3 images")
  })
})
