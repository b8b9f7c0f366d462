import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  atRegistry,
  began,
  type CacheWorld,
  expectSameAsPlain,
  files,
  publish,
  pulled,
  source,
  startWorld,
} from "../support/build-cache.ts"

let world: CacheWorld

beforeAll(async () => {
  world = await startWorld()
  await publish(world, source(world))
})
afterAll(() => world?.session.close())

const copyBuild = "COPY --from=build --chown=node /app /app"
const appFrom = (step: string) => `app from ${step} on`

describe("what is not cached", () => {
  it("a stage that is excluded, and what is built on it", async () => {
    const { digest, notes } = await publish(world, source(world), { cacheExclude: ["build"] })
    expect(notes).toEqual([
      ...began("deps, tool", "build, app"),
      "build is not cached: it is excluded",
      `${appFrom(copyBuild)} is not cached: it needs a stage that is not cached`,
    ])
    await expectSameAsPlain(world, digest, source(world))
  })

  it("a stage with a secret, and what is built on it", async () => {
    const Dockerfile = files.Dockerfile?.replace(
      "RUN sh /tool.sh",
      "RUN sh /tool.sh\nRUN --mount=type=secret,id=word cat /run/secrets/word > /tool",
    )
    const secret = await world.session.client.setSecret("word", "one").id()
    const options = { buildSecrets: [secret], buildSecretIds: ["word"] }
    for (const begun of [
      began(
        "build, tool up to RUN sh /tool.sh",
        "tool from RUN --mount=type=secret,id=word cat /run/secrets/word > /to… on, app",
      ),
      began(
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
      expect(notes).toEqual(began("deps, tool", "build, app"))
      await expectSameAsPlain(world, digest, copied(mode, target))
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
    await expectSameAsPlain(world, digest, linked("// other\n"))
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
    await expectSameAsPlain(world, digest, version("// other\n"))
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
