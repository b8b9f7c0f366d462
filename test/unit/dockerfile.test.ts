import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { expand, shortText, significantText } from "../../src/core/dockerfile.ts"
import { readDockerfile } from "../../src/dockerfile.ts"

const only = async (instruction: string) => {
  const { stages } = await readDockerfile(`FROM scratch\n${instruction}\n`)
  expect(stages[0]?.instructions).toHaveLength(1)
  return stages[0]?.instructions[0] as NonNullable<(typeof stages)[0]["instructions"][0]>
}

test("stages, their names and what stands before them", async () => {
  const { directives, globals, stages } = await readDockerfile(
    "# syntax=docker/dockerfile:1\n# escape=`\n\n# a comment\nARG V=1\nFROM --platform=$BUILDPLATFORM node:$V AS Build\nRUN a `\n  b\nfrom scratch\r\nCOPY x y\r\n",
  )
  expect({ directives, globals: globals.map(({ text }) => text) }).toEqual({
    directives: ["# syntax=docker/dockerfile:1", "# escape=`"],
    globals: ["ARG V=1"],
  })
  expect(
    stages.map(({ name, base, platform, instructions }) => [
      name,
      base,
      platform,
      instructions.map((each) => each.text),
    ]),
  ).toEqual([
    ["build", "node:$V", "$BUILDPLATFORM", ["RUN a `\n  b"]],
    [undefined, "scratch", undefined, ["COPY x y"]],
  ])
})

test.each<[instruction: string, flags: string[], words: string[]]>([
  ["COPY a b /c/", [], ["a", "b", "/c/"]],
  ["copy --from=build --chown=1:1 a /c", ["from=build", "chown=1:1"], ["a", "/c"]],
  ['COPY --link ["a b", "/c d"]', ["link=undefined"], ["a b", "/c d"]],
  ['COPY ["a", b]', [], ["$"]],
  ["COPY <<EOF x /d/\none two\nEOF", [], ["x", "/d/"]],
  [
    "RUN --mount=type=cache,target=/x --network=none npm ci",
    ["mount=type=cache,target=/x", "network=none"],
    ["npm", "ci"],
  ],
  [
    "RUN --mount=type=secret,id=a \\\n  --mount=type=ssh \\\n  x",
    ["mount=type=secret,id=a", "mount=type=ssh"],
    ["x"],
  ],
  ["ADD https://example.com/a /b", [], ["https://example.com/a", "/b"]],
])("%s", async (instruction, flags, words) => {
  const found = await only(instruction)
  expect(found.flags.map(({ name, value }) => `${name}=${value}`)).toEqual(flags)
  expect(found.words).toEqual(words)
})

test.each<[instruction: string, sets: string[]]>([
  ["ARG A", ["A=undefined"]],
  ["ARG A=1 B", ["A=1", "B=undefined"]],
  ["ARG A B=1 C", ["A=undefined", "B=1", "C=undefined"]],
  ['ENV A="x y" B=2', ["A=x y", "B=2"]],
  ["ENV A some text", ["A=some text"]],
])("%s", async (instruction, sets) => {
  expect((await only(instruction)).sets.map(({ name, value }) => `${name}=${value}`)).toEqual(sets)
})

test.each<[one: string, other: string]>([
  ["RUN a && \\\n    b", "RUN a && \\\n    # why\n\n    b"],
  ["RUN a", "run   a  "],
])("%j counts as %j", async (one, other) => {
  expect(significantText(await only(one))).toBe(significantText(await only(other)))
})

test.each<[one: string, other: string]>([
  ["RUN a", "RUN b"],
  ["RUN <<EOF\na\nEOF", "RUN <<EOF\na\n# b\nEOF"],
  ["RUN a \\\n  b", "RUN a \\\n    b"],
])("%j does not count as %j", async (one, other) => {
  expect(significantText(await only(one))).not.toBe(significantText(await only(other)))
})

test.each<[text: string, why: string]>([
  ["", "no FROM"],
  ["ARG A\n", "no FROM"],
  ["FROM a b\n", "FROM a b is not understood"],
  ["FROM a AS b c\n", "is not understood"],
  ['FROM a\nARG A B="x"\n', "is not understood"],
])("cannot read %j", async (text, why) => {
  await expect(readDockerfile(text)).rejects.toThrow(why)
})

test.each<[text: string, expanded: string | undefined]>([
  ["node:24", "node:24"],
  ["node:$V", "node:1"],
  ["node:${V}-slim", "node:1-slim"],
  ["${NONE:-a}", "a"],
  ["${NONE-a}", "a"],
  ["${EMPTY:-a}", "a"],
  ["${EMPTY-a}", ""],
  ["$NONE", undefined],
  ["${V:+a}", undefined],
  ["${V#a}", undefined],
  ["${V:-${E}}", undefined],
  ["'$V'", undefined],
  ["\\$V", undefined],
  ["$", undefined],
])("%s is %s", (text, expanded) => {
  expect(
    expand(
      text,
      new Map([
        ["V", "1"],
        ["EMPTY", ""],
      ]),
    ),
  ).toBe(expanded)
})

test("a long instruction is short in a message", async () => {
  const text = shortText(await only(`RUN a \\\n  ${"b".repeat(100)}`))
  expect(text).toMatch(/^RUN a bbb/)
  expect(text.length).toBeLessThanOrEqual(60)
})

test("the parser in src is the one of package.json", () => {
  const folder = mkdtempSync(join(tmpdir(), "seamless-parser-"))
  try {
    execFileSync(process.execPath, ["scripts/bundle-parser.mjs", join(folder, "out.mjs")])
    const made = readFileSync(join(folder, "out.mjs"), "utf8")
    expect(
      readFileSync("src/parser/dockerfile-ast.mjs", "utf8") === made,
      "run scripts/bundle-parser.mjs",
    ).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
