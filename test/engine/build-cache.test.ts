import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  atRegistry,
  began,
  type CacheWorld,
  changedServer,
  expectSameAsPlain,
  files,
  publish,
  source,
  startWorld,
  stored,
} from "../support/build-cache.ts"

let world: CacheWorld

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.session.close())

const copyBuild = "COPY --from=build --chown=node /app /app"
const appFrom = (step: string) => `app from ${step} on`

describe("one change at a time", () => {
  let first: string

  it("nothing is cached: everything is built", async () => {
    const { digest, notes } = await publish(world, source(world))
    first = digest
    expect(notes).toEqual(["built: deps, build, tool, app"])
    await expectSameAsPlain(world, digest, source(world))
  })

  it("nothing changed: the image gets its tags, with the same digest", async () => {
    const { digest, notes } = await publish(world, source(world), { tags: ["other", "another"] })
    expect(notes).toEqual(stored)
    expect(digest).toBe(first)
    const digests = await atRegistry(
      world,
      'for (const tag of ["test", "other", "another"]) console.log((await manifest(tag)).digest)',
    )
    expect(digests.trim().split("\n")).toEqual([first, first, first])
  })

  it.each<
    [
      what: string,
      changes: Record<string, string | undefined>,
      options: Record<string, unknown>,
      notes: string[],
    ]
  >([
    ["a file that nobody copies", { "other.txt": "x" }, {}, stored],
    ["an ignored file", { "README.md": "x", "src/ignored.txt": "x" }, {}, stored],
    ["a comment", { Dockerfile: files.Dockerfile?.replace("WORKDIR", "# why\nWORKDIR") }, {}, stored],
    [
      "a comment in the middle of an instruction",
      { Dockerfile: files.Dockerfile?.replace("CMD [", "# why\nCMD [") },
      {},
      stored,
    ],
    [
      "another way to ignore the same",
      { ".dockerignore": "# text\n/README.md\n\nsrc/ignored.txt\n" },
      {},
      stored,
    ],
    [
      "a file that the last stage copies",
      changedServer("x"),
      {},
      began(`app up to ${copyBuild}`, appFrom("COPY server.mjs ./")),
    ],
    ["a file that a stage before copies", { "src/a.txt": "x\n" }, {}, began("deps, tool", "build, app")],
    [
      "a file that was renamed",
      { "src/a.txt": undefined, "src/c.txt": "a\n" },
      {},
      began("deps, tool", "build, app"),
    ],
    [
      "a file that is no longer ignored",
      { ".dockerignore": "*.md\n" },
      {},
      began("deps, tool", "build, app"),
    ],
    ["the first file", { "package.json": '{"a":1}' }, {}, began("tool", "deps, build, app")],
    ["a file that a wildcard finds", { "package-lock.json": "{}" }, {}, began("tool", "deps, build, app")],
    ["a file for the tool", { "tool.sh": "echo other > /tool\n" }, {}, began("build", "tool, app")],
    ["an argument", {}, { buildArgs: ["MODE=dev"] }, began("deps, tool", "build, app")],
    [
      "an ENV of the last stage",
      { Dockerfile: files.Dockerfile?.replace("LEVEL=1", "LEVEL=2") },
      {},
      began("build, tool", "app"),
    ],
    [
      "what is only said of the image",
      { Dockerfile: files.Dockerfile?.replace("SIGINT", "SIGTERM") },
      {},
      began(`app up to ${copyBuild}`, appFrom("COPY server.mjs ./")),
    ],
    [
      "a command",
      { Dockerfile: files.Dockerfile?.replace('echo "$MODE"', 'echo "-$MODE"') },
      {},
      began("deps, tool", "build, app"),
    ],
  ])("%s", async (_, changes, options, notes) => {
    const from = source(world, changes)
    const result = await publish(world, from, options)
    expect(result.notes).toEqual(notes)
    if (notes === stored) expect(result.digest).toBe(first)
    else await expectSameAsPlain(world, result.digest, from, options)
  })
})
