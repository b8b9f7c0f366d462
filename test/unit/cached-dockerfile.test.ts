import { expect, test } from "vitest"
import { cacheKeys, rewrite } from "../../src/core/cached-dockerfile.ts"
import { digest, keyed, type World } from "./support/dockerfile-world.ts"

/** `node@sha256:…`, short. */
const short = (text: string) => text.replaceAll(/@sha256:[0-9a-f]{64}/g, (all) => `@${all.slice(8, 12)}`)
const at = (name: string) => `${name}@${digest(name).slice(0, 4)}`

/** The Dockerfile rewritten with the cached points of these numbers, each as `cache/N`. */
async function rewritten(text: string, numbers: number[], world: World = {}) {
  const found = await keyed(text, world)
  const keys = cacheKeys(found)
  const result = rewrite(found, new Map(numbers.map((number) => [keys[number] as string, `cache/${number}`])))
  return {
    ...result,
    points: keys.length,
    missing: result.missing.map(({ stage }) => stage),
    text: short(result.dockerfile),
  }
}

const single = `FROM node
WORKDIR /app
COPY package.json ./
RUN npm ci
COPY . .
RUN npm run build
CMD ["node", "."]
`

test("nothing is cached: the stage is parted behind each RUN and pinned", async () => {
  const { text, points, missing, built, used, target } = await rewritten(single, [])
  expect(text).toBe(`FROM ${at("node")} AS seamless-0-3
WORKDIR /app
COPY package.json ./
RUN npm ci
FROM seamless-0-3 AS seamless-0-5
COPY . .
RUN npm run build
FROM seamless-0-5 AS seamless-stage-0
CMD ["node", "."]
`)
  expect({ points, missing, built, used, target }).toEqual({
    points: 3,
    missing: ["seamless-0-3", "seamless-0-5", "seamless-stage-0"],
    built: ["stage 0"],
    used: [],
    target: "seamless-stage-0",
  })
})

test("the dependencies are cached", async () => {
  const { text, missing, built, used } = await rewritten(single, [0])
  expect(text).toBe(`FROM cache/0 AS seamless-0-5
COPY . .
RUN npm run build
FROM seamless-0-5 AS seamless-stage-0
CMD ["node", "."]
`)
  expect(missing).toEqual(["seamless-0-5", "seamless-stage-0"])
  expect(built).toEqual(["stage 0 from COPY . . on"])
  expect(used.map(({ what }) => what)).toEqual(["stage 0 up to RUN npm ci"])
})

test("everything is cached", async () => {
  const { text, missing, built, used } = await rewritten(single, [0, 1, 2])
  expect(text).toBe("FROM cache/2 AS seamless-stage-0\n")
  expect({ missing, built }).toEqual({ missing: [], built: [] })
  expect(used.map(({ what }) => what)).toEqual(["stage 0"])
})

const several = `# syntax=docker/dockerfile:1
ARG V=1
FROM node AS deps
RUN npm ci
FROM deps AS build
COPY . .
RUN build
FROM debian AS tool
RUN make
FROM node
COPY --from=1 /dist /dist
COPY --from=tool /tool /tool
COPY --from=busybox /bin/sh /sh
`

test("numbers of stages become names, and images are pinned", async () => {
  const { text } = await rewritten(several, [])
  expect(text).toBe(`# syntax=docker/dockerfile:1
ARG V=1
FROM ${at("node")} AS deps
RUN npm ci
FROM deps AS build
COPY . .
RUN build
FROM ${at("debian")} AS tool
RUN make
FROM ${at("node")} AS seamless-stage-3
COPY --from=build /dist /dist
COPY --from=tool /tool /tool
COPY --from=${at("busybox")} /bin/sh /sh
`)
})

test("stages behind a cached one are gone", async () => {
  const { text, built } = await rewritten(several, [1])
  expect(text).not.toContain("npm ci")
  expect(text).toContain("FROM cache/1 AS build\nFROM ")
  expect(built).toEqual(["tool", "stage 3"])
})

test("a cut repeats the ARGs, but not one whose place an ENV has taken", async () => {
  const { text } = await rewritten("FROM a\nARG A=1\nARG B\nENV A=$A\nRUN x\nRUN y\n", [0])
  expect(text).toBe("FROM cache/0 AS seamless-stage-0\nARG B\nRUN y\n")
})

test("ARGs of the stage that it is built on come first, and give way to an ENV of the image", async () => {
  const { text } = await rewritten("FROM a AS b\nARG A=1\nENV Z=1\nFROM b AS c\nARG B=2\nRUN x\nRUN y\n", [0])
  expect(text).toBe("FROM cache/0 AS seamless-1-base\nARG A=1\nFROM seamless-1-base AS c\nARG B=2\nRUN y\n")
})

test.each<[what: string, text: string, points: number]>([
  ["an ENV changes what an ARG refers to", "FROM a\nARG A=1\nARG B=$A\nRUN x\nENV A=2\nRUN y\nRUN z\n", 1],
  ["an ENV takes the place of one of two ARGs on a line", "FROM a\nARG A B\nENV A=2\nRUN y\n", 0],
  ["an ONBUILD would be carried out", "FROM a\nRUN x\nONBUILD RUN o\nRUN y\n", 1],
  ["an ENTRYPOINT would clear the CMD", "FROM a\nRUN x\nCMD c\nRUN y\nENTRYPOINT e\nRUN z\n", 2],
  ["nothing is done", "FROM a AS b\nENV A=1\nFROM b\nRUN x\n", 1],
])("no cut where %s", async (_, text, points) => {
  expect((await rewritten(text, [])).points).toBe(points)
})

test("a cut before files of the context, when something was done before", async () => {
  const { missing } = await rewritten("FROM a\nCOPY --from=b /x /x\nCOPY c /c\nCOPY d /d\n", [])
  expect(missing).toEqual(["seamless-0-1", "seamless-0-2", "seamless-stage-0"])
})

test("a command keeps its own from", async () => {
  const { text } = await rewritten(
    "FROM a AS b\nRUN x\nFROM a\nRUN --mount=from=0,target=/y \\\n  --mount=type=bind,from=b,target=/z cmd --from=0 from=0\n",
    [],
  )
  expect(text).toContain(
    "RUN --mount=from=b,target=/y \\\n  --mount=type=bind,from=b,target=/z cmd --from=0 from=0\n",
  )
})

test("a stage for another platform keeps its FROM", async () => {
  const { text, points } = await rewritten("FROM --platform=linux/s390x a AS b\nRUN x\n", [])
  expect(text).toBe("FROM --platform=linux/s390x a AS b\nRUN x\n")
  expect(points).toBe(0)
})
