import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  atRegistry,
  type CacheWorld,
  describeImage,
  files,
  plainBuild,
  publish,
  pulled,
  source,
  startWorld,
} from "../support/build-cache.ts"
import { openSession } from "../support/session.ts"

let world: CacheWorld

beforeAll(async () => {
  world = await startWorld(await openSession(), `${Date.now()}`)
})
afterAll(() => world?.session.close())

const copyBuild = "COPY --from=build --chown=node /app /app"
const stored = ["the registry has the image of this source: nothing was built"]
const built = (cached: string, rest: string) => [`from the build cache: ${cached}`, `built: ${rest}`]
const appFrom = (step: string) => `app from ${step} on`

async function expectSameAsPlain(digest: string, from: ReturnType<typeof source>, options = {}) {
  const [cached, plain] = await Promise.all([
    describeImage(world, pulled(world, digest)),
    plainBuild(world, from, options).then((image) => describeImage(world, image)),
  ])
  expect(cached).toBe(plain)
}

describe("one change at a time", () => {
  let first: string

  it("nothing is cached: everything is built", async () => {
    const { digest, notes } = await publish(world, source(world))
    first = digest
    expect(notes).toEqual(["built: deps, build, tool, app"])
    await expectSameAsPlain(digest, source(world))
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
      { "server.mjs": `${files["server.mjs"]}// x\n` },
      {},
      built(`app up to ${copyBuild}`, appFrom("COPY server.mjs ./")),
    ],
    ["a file that a stage before copies", { "src/a.txt": "x\n" }, {}, built("deps, tool", "build, app")],
    [
      "a file that was renamed",
      { "src/a.txt": undefined, "src/c.txt": "a\n" },
      {},
      built("deps, tool", "build, app"),
    ],
    [
      "a file that is no longer ignored",
      { ".dockerignore": "*.md\n" },
      {},
      built("deps, tool", "build, app"),
    ],
    ["the first file", { "package.json": '{"a":1}' }, {}, built("tool", "deps, build, app")],
    ["a file that a wildcard finds", { "package-lock.json": "{}" }, {}, built("tool", "deps, build, app")],
    ["a file for the tool", { "tool.sh": "echo other > /tool\n" }, {}, built("build", "tool, app")],
    ["an argument", {}, { buildArgs: ["MODE=dev"] }, built("deps, tool", "build, app")],
    [
      "an ENV of the last stage",
      { Dockerfile: files.Dockerfile?.replace("LEVEL=1", "LEVEL=2") },
      {},
      built("build, tool", "app"),
    ],
    [
      "what is only said of the image",
      { Dockerfile: files.Dockerfile?.replace("SIGINT", "SIGTERM") },
      {},
      built(`app up to ${copyBuild}`, appFrom("COPY server.mjs ./")),
    ],
    [
      "a command",
      { Dockerfile: files.Dockerfile?.replace('echo "$MODE"', 'echo "-$MODE"') },
      {},
      built("deps, tool", "build, app"),
    ],
  ])("%s", async (_, changes, options, notes) => {
    const from = source(world, changes)
    const result = await publish(world, from, options)
    expect(result.notes).toEqual(notes)
    if (notes === stored) expect(result.digest).toBe(first)
    else await expectSameAsPlain(result.digest, from, options)
  })
})

describe("what is not cached", () => {
  it("a stage that is excluded, and what is built on it", async () => {
    const { digest, notes } = await publish(world, source(world), { cacheExclude: ["build"] })
    expect(notes).toEqual([
      ...built("deps, tool", "build, app"),
      "build is not cached: it is excluded",
      `${appFrom(copyBuild)} is not cached: it needs a stage that is not cached`,
    ])
    await expectSameAsPlain(digest, source(world))
  })

  it("a stage with a secret, and what is built on it", async () => {
    const Dockerfile = files.Dockerfile?.replace(
      "RUN sh /tool.sh",
      "RUN sh /tool.sh\nRUN --mount=type=secret,id=word cat /run/secrets/word > /tool",
    )
    const secret = await world.session.client.setSecret("word", "one").id()
    const options = { buildSecrets: [secret], buildSecretIds: ["word"] }
    for (const begun of [
      built(
        "build, tool up to RUN sh /tool.sh",
        "tool from RUN --mount=type=secret,id=word cat /run/secrets/word > /to… on, app",
      ),
      built(
        "build, tool up to RUN sh /tool.sh",
        "tool from RUN --mount=type=secret,id=word cat /run/secrets/word > /to… on, app",
      ),
    ]) {
      const { digest, notes } = await publish(world, source(world, { Dockerfile }), options)
      expect(notes).toEqual([
        ...begun,
        "tool from RUN --mount=type=secret,id=word cat /run/secrets/word > /to… on is not cached: it mounts a secret",
        `${appFrom("COPY --from=tool /tool /tool")} is not cached: it needs a stage that is not cached`,
      ])
      expect(await pulled(world, digest).file("/tool").contents()).toBe("one")
    }
  })

  it("a base with ONBUILD: its instructions copy files that no key has seen", async () => {
    const triggering = world.session.client
      .directory()
      .withNewFile("Dockerfile", "FROM node:24-slim\nONBUILD COPY other.txt /other.txt\n")
      .dockerBuild()
    const base = await triggering.publish("registry:5000/base:onbuild", { registryService: world.registry })
    for (const text of ["one", "two"]) {
      const from = source(world, { "other.txt": text })
      const { digest, notes } = await publish(world, from, { buildArgs: [`BASE=${base}`] })
      expect(notes.join("\n")).toContain("has ONBUILD")
      expect(await pulled(world, digest).file("/other.txt").contents()).toBe(text)
    }
  })

  it("anything, when it is told so", async () => {
    const { notes } = await publish(world, source(world), { noCache: true })
    expect(notes).toEqual(["built without the build cache, as asked"])
  })
})

describe("the world around", () => {
  it("another base builds everything", async () => {
    const client = world.session.client
    const own = (text: string) => client.container().from("node:24-slim").withNewFile("/base.txt", text)
    for (const text of ["one", "two"]) {
      const reference = await own(text).publish("registry:5000/base:moving", {
        registryService: world.registry,
      })
      const options = { buildArgs: [`BASE=${reference}`] }
      const { digest, notes } = await publish(world, source(world), options)
      expect(notes).toEqual(["built: deps, build, tool, app"])
      expect(await pulled(world, digest).file("/base.txt").contents()).toBe(text)
    }
  })

  it("modes and links are part of what is copied", async () => {
    const copied = (mode: number, target: string) =>
      source(world).withNewFile("src/run.txt", "r", { permissions: mode }).withSymlink(target, "src/link.txt")
    await publish(world, copied(0o644, "a.txt"))
    for (const [mode, target] of [
      [0o755, "a.txt"],
      [0o644, "b.txt"],
    ] as const) {
      const { digest, notes } = await publish(world, copied(mode, target))
      expect(notes).toEqual(built("deps, tool", "build, app"))
      await expectSameAsPlain(digest, copied(mode, target))
    }
  })

  it("a link that is copied by its name stands for the file behind it", async () => {
    const Dockerfile = files.Dockerfile?.replace("COPY server.mjs ./", "COPY link.mjs server.mjs")
    const linked = (more: string) =>
      source(world, { Dockerfile, "server.mjs": `${files["server.mjs"]}${more}` }).withSymlink(
        "server.mjs",
        "link.mjs",
      )
    await publish(world, linked(""))
    const { digest, notes } = await publish(world, linked("// other\n"))
    expect(notes).toContain("built: app from COPY link.mjs server.mjs on")
    await expectSameAsPlain(digest, linked("// other\n"))
  })

  it("a cut keeps what the rest of a stage sees: arguments, variables, shell, user, directory", async () => {
    const Dockerfile = `FROM node:24-slim AS base
ARG FIRST=1
ARG TWICE=a
ENV TWICE=b
FROM base
ARG SECOND=$FIRST-2
ENV THIRD=3
SHELL ["/bin/bash", "-c"]
WORKDIR /app
RUN echo one > one
USER node
RUN echo "$FIRST $SECOND $THIRD $TWICE \${BASH_VERSION:+bash} $(id -un) $PWD" > /tmp/two
COPY server.mjs ./
RUN echo "$FIRST $SECOND $THIRD $TWICE \${BASH_VERSION:+bash} $(id -un) $PWD" > /tmp/three
EXPOSE 3000
CMD ["node", "server.mjs"]
`
    const version = (more: string) =>
      source(world, { Dockerfile, "server.mjs": `${files["server.mjs"]}${more}` })
    await publish(world, version(""))
    const { digest, notes } = await publish(world, version("// other\n"))
    expect(notes[1]).toBe("built: stage 1 from COPY server.mjs ./ on")
    expect(await pulled(world, digest).file("/tmp/three").contents()).toBe("1 1-2 3 b bash node /app\n")
    await expectSameAsPlain(digest, version("// other\n"))
  })
})

describe("build", () => {
  const parts = async () =>
    (
      await atRegistry(
        world,
        "console.log((await tags()).filter((tag) => /^buildcache-[0-9a-f]{40}$/.test(tag)).length)",
      )
    ).trim()

  it("has the cache that it is given, with parts of their own for each platform", async () => {
    const Dockerfile = "FROM scratch AS a\nCOPY package.json /\nFROM a\nCOPY server.mjs /\n"
    const build = async (more: string) => {
      const from = source(world, { Dockerfile, "server.mjs": `${files["server.mjs"]}${more}` })
      const built = (await world.session.call(
        "build",
        {
          source: await from.id(),
          platforms: ["linux/amd64", "linux/arm64"],
          ...{ cacheFrom: "registry:5000/app", cacheTo: "registry:5000/app" },
          registryService: await world.registry.id(),
        },
        "{ rootfs { entries } }",
      )) as { rootfs: { entries: string[] } }
      expect(built.rootfs.entries).toEqual(["package.json", "server.mjs"])
      return Number(await parts())
    }
    const before = Number(await parts())
    expect(await build("")).toBe(before + 4)
    expect(await build("")).toBe(before + 4)
    expect(await build("// other\n")).toBe(before + 6)
  })
})

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
    const { digest } = await publish(
      world,
      source(world, { "server.mjs": `${files["server.mjs"]}// kept\n` }),
      {
        tags: ["mine"],
      },
    )
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

describe("a cache that is not right", () => {
  const other = (text: string) => source(world, { "server.mjs": `${files["server.mjs"]}// ${text}\n` })

  it("cannot be reached: it is built, and said", async () => {
    const { digest, notes } = await publish(world, other("unreachable"), {
      cacheFrom: "localhost:1/cache",
      cacheTo: "localhost:1/cache",
    })
    expect(notes.filter((note) => note.startsWith("the build cache cannot be read: "))).toHaveLength(1)
    expect(notes.filter((note) => note.startsWith("the build cache cannot be written: "))).toHaveLength(1)
    expect(notes).toContain("built: deps, build, tool, app")
    await expectSameAsPlain(digest, other("unreachable"))
  })

  it("has other images behind its tags: they are passed over", async () => {
    await atRegistry(
      world,
      `const odd = await manifest("test"); delete odd.digest
for (const tag of (await tags()).filter((tag) => tag.startsWith("buildcache-"))) await put(tag, odd)`,
    )
    const { digest, notes } = await publish(world, other("moved tags"))
    expect(notes).toEqual(["built: deps, build, tool, app"])
    await expectSameAsPlain(digest, other("moved tags"))
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
    await expectSameAsPlain(digest, other("broken layers"))
  })

  it("names an image that is gone: it is built again", async () => {
    const { digest } = await publish(world, other("gone"))
    await atRegistry(world, `await remove("/manifests/${digest}")`)
    const again = await publish(world, other("gone"))
    expect(again.notes).not.toEqual(stored)
    await expectSameAsPlain(again.digest, other("gone"))
  })

  it("names an image without one of its layers: it is built again", async () => {
    const { digest } = await publish(world, other("no layer"))
    await atRegistry(
      world,
      `const { layers } = await manifest("${digest}"); await remove("/blobs/" + layers[layers.length - 1].digest)`,
    )
    const again = await publish(world, other("no layer"))
    expect(again.notes).not.toEqual(stored)
    await expectSameAsPlain(again.digest, other("no layer"))
  })
})
