import { expect, test } from "vitest"
import { UncacheableDockerfile } from "../../src/core/build-graph.ts"
import { cacheKeys, imageKey, uncached } from "../../src/core/cached-dockerfile.ts"
import { keyed, type World } from "./support/dockerfile-world.ts"

const dockerfile = `# syntax=docker/dockerfile:1
ARG BASE=node:24
FROM $BASE AS deps
WORKDIR /app
COPY package*.json ./
RUN npm ci
FROM deps AS build
ARG MODE=prod
COPY src src
RUN npm run build
FROM debian AS tool
RUN make-tool
FROM $BASE AS app
COPY --from=build /app/dist /app
COPY --from=tool /tool /app/
ENV A=1
COPY server.mjs /app/
CMD ["node", "/app/server.mjs"]
`
const world: World = { files: { "package.json": "{}", "src/a.js": "a", "server.mjs": "s", "README.md": "r" } }

/** The stages whose last keys differ. */
async function changed(text: string, other: World): Promise<string[]> {
  const [one, two] = [await keyed(dockerfile, world), await keyed(text, other)]
  return two.graph.stages.flatMap(({ name, index }) =>
    one.keys[index]?.after.at(-1) === two.keys[index]?.after.at(-1) ? [] : [name],
  )
}

const file = (path: string, content: string): World => ({
  ...world,
  files: { ...world.files, [path]: content },
})
const edit = (from: string, to: string): [string, World] => {
  expect(dockerfile).toContain(from)
  return [dockerfile.replace(from, to), world]
}

test.each<[what: string, change: [string, World], stages: string[]]>([
  ["nothing", [dockerfile, world], []],
  ["a file that nobody copies", [dockerfile, file("README.md", "x")], []],
  ["a file that the last stage copies", [dockerfile, file("server.mjs", "x")], ["app"]],
  ["a file that a stage before copies", [dockerfile, file("src/a.js", "x")], ["build", "app"]],
  ["a new file in a copied folder", [dockerfile, file("src/b.js", "")], ["build", "app"]],
  ["a file by a wildcard", [dockerfile, file("package.json", "x")], ["deps", "build", "app"]],
  ["a new file by a wildcard", [dockerfile, file("package-lock.json", "")], ["deps", "build", "app"]],
  ["a file below that the wildcard does not mean", [dockerfile, file("x/package.json", "")], []],
  ["a comment", edit("WORKDIR", "# why\nWORKDIR"), []],
  ["the case of a keyword", edit("COPY server", "copy server"), []],
  ["an instruction", edit("npm run build", "npm run build2"), ["build", "app"]],
  ["a label at the end", edit("CMD", "LABEL a=b\nCMD"), ["app"]],
  ["an ENV", edit("A=1", "A=2"), ["app"]],
  ["the name of a stage that is built on", [dockerfile.replaceAll("deps", "d"), world], []],
  ["an ARG's default", edit("MODE=prod", "MODE=dev"), ["build", "app"]],
  ["the default of an ARG before FROM", edit("node:24", "node:22"), ["deps", "build", "app"]],
  ["a given ARG", [dockerfile, { ...world, args: { MODE: "dev" } }], ["build", "app"]],
  ["the base, as given", [dockerfile, { ...world, args: { BASE: "node:22" } }], ["deps", "build", "app"]],
  [
    "a given ARG that nobody declares",
    [dockerfile, { ...world, args: { HTTP_PROXY: "p" } }],
    ["deps", "build", "tool", "app"],
  ],
  [
    "a base that has moved",
    [dockerfile, { ...world, images: { "node:24": "sha256:1" } }],
    ["deps", "build", "app"],
  ],
  [
    "another base that has moved",
    [dockerfile, { ...world, images: { debian: "sha256:1" } }],
    ["tool", "app"],
  ],
  ["the platform", [dockerfile, { ...world, platform: "linux/arm64" }], ["deps", "build", "tool", "app"]],
])("%s changes the keys of these stages", async (_, [text, other], stages) => {
  expect(await changed(text, other)).toEqual(stages)
})

test("an ARG without a default has the value from before the first FROM", async () => {
  const text = (value: string) => `ARG V=${value}\nFROM a AS x\nARG V\nRUN y\nFROM a AS z\nRUN y\n`
  const [one, two] = [await keyed(text("1")), await keyed(text("2"))]
  expect(one.keys[0]?.after.at(-1)).not.toBe(two.keys[0]?.after.at(-1))
  expect(one.keys[1]?.after.at(-1)).toBe(two.keys[1]?.after.at(-1))
})

test("so it is when that value cannot be told", async () => {
  const text = "ARG U\nARG V=${U#x}\nFROM a\nARG V\nRUN y\n"
  const [one, two] = [await keyed(text, { args: { U: "1" } }), await keyed(text, { args: { U: "2" } })]
  expect(one.keys[0]?.after.at(-1)).not.toBe(two.keys[0]?.after.at(-1))
})

test.each<[what: string, text: string, world: World, why: string]>([
  [
    "a secret",
    "FROM a AS b\nRUN x\nRUN --mount=type=secret,id=s y\n",
    {},
    "b from RUN --mount=type=secret,id=s y on is not cached: it mounts a secret",
  ],
  ["an SSH agent", "FROM a AS b\nRUN --mount=type=ssh y\n", {}, "it mounts an SSH agent"],
  ["a URL", "FROM a AS b\nADD https://example.com/x /y\n", {}, "it adds what is not in the source"],
  ["a repository", "FROM a AS b\nADD git@example.com:x.git /y\n", {}, "it adds what is not in the source"],
  ["an ADD by a variable", "FROM a AS b\nADD $WHAT /y\n", {}, "it is not known what it adds"],
  [
    "mounts that are not understood",
    "FROM a AS b\nRUN echo --mount=type=secret\n",
    {},
    "its mounts are not understood",
  ],
  ["an excluded stage", "FROM a AS b\nRUN x\n", { exclude: ["b"] }, "b is not cached: it is excluded"],
  [
    "another platform",
    "FROM --platform=linux/s390x a AS b\nRUN x\n",
    {},
    "it is for the platform linux/s390x",
  ],
  ["a base that is not known", "FROM $NONE AS b\nRUN x\n", {}, "its base $NONE is not known"],
  ["triggers of the base", "FROM a AS b\nRUN x\n", { triggering: ["a"] }, "its base a has ONBUILD"],
  [
    "a stage with a secret",
    "FROM a AS b\nRUN --mount=type=secret,id=s y\nFROM b AS c\nRUN x\n",
    {},
    "c is not cached: it needs a stage that is not cached",
  ],
  [
    "files from one",
    "FROM a AS b\nRUN --mount=type=secret,id=s y\nFROM a AS c\nCOPY --from=0 /x /\n",
    {},
    "c is not cached: it needs a stage that is not cached",
  ],
])("not cached is %s", async (_, text, world, why) => {
  const found = await keyed(text, world)
  expect(uncached(found).join("\n")).toContain(why)
  expect(imageKey(found)).toBeUndefined()
})

test("what stands before something that is not cached has keys", async () => {
  const found = await keyed("FROM a\nRUN x\nRUN --mount=type=secret,id=s y\nRUN z\n")
  expect(cacheKeys(found)).toHaveLength(1)
})

test("stages that the target does not need have no say", async () => {
  const text = "FROM a AS b\nRUN x\nFROM a AS c\nRUN --mount=type=secret,id=s y\n"
  const found = await keyed(text, { target: "B" })
  expect(imageKey(found)).toBeDefined()
  expect(uncached(found)).toEqual([])
})

test.each<[text: string, world: World, why: string]>([
  ["FROM a AS b\nFROM a AS b\n", {}, "two stages have the same name"],
  ["FROM a AS seamless-0-1\n", {}, "begins with seamless-"],
  ["FROM a\n", { target: "x" }, "it has no stage x"],
])("%j is not cached at all", async (text, world, why) => {
  await expect(keyed(text, world)).rejects.toThrow(UncacheableDockerfile)
  await expect(keyed(text, world)).rejects.toThrow(why)
})

test("a stage to exclude that is not there is an error: what must not be cached would be", async () => {
  await expect(keyed(dockerfile, { exclude: ["deps", "bulid"] })).rejects.toThrow(
    'cacheExclude[1]: the Dockerfile has no stage "bulid"',
  )
  expect(uncached(await keyed(dockerfile, { exclude: ["DEPS"] }))[0]).toBe(
    "deps is not cached: it is excluded",
  )
})
