import fc from "fast-check"
import { expect, test } from "vitest"
import { branchTag, planTags, type TagFacts } from "../../src/core/tags.ts"

const commit = "0123456789abcdef0123456789abcdef01234567"

test.each<[what: string, facts: TagFacts, tags: string[]]>([
  ["nothing known", {}, []],
  ["a commit", { commit }, ["sha-0123456789ab"]],
  ["a short commit", { commit: "ABCDEF1" }, ["sha-abcdef1"]],
  ["a branch", { branch: "main" }, ["main"]],
  ["a branch with a slash", { branch: "refs/heads/feature/log in" }, ["feature-log-in"]],
  ["a version", { tag: "v1.4.2" }, ["1.4.2", "1.4", "1", "latest"]],
  ["a version without v", { tag: "refs/tags/1.4.2" }, ["1.4.2", "1.4", "1", "latest"]],
  ["a version 0", { tag: "v0.4.2" }, ["0.4.2", "0.4", "latest"]],
  ["a pre-release", { tag: "v1.4.2-rc.1" }, ["1.4.2-rc.1"]],
  ["build metadata", { tag: "v1.4.2+build.5" }, ["1.4.2_build.5", "1.4", "1", "latest"]],
  ["a pre-release with metadata", { tag: "v1.4.2-rc.1+5" }, ["1.4.2-rc.1_5"]],
  ["a tag that is no version", { tag: "release/spring" }, ["release-spring"]],
  ["no version: two numbers", { tag: "v1.4" }, ["v1.4"]],
  ["no version: leading zeros", { tag: "v01.4.2" }, ["v01.4.2"]],
  ["own tags", { extra: ["stable", "Blue_1.0"] }, ["stable", "Blue_1.0"]],
  [
    "one tag by two ways",
    { branch: "latest", tag: "v1.0.0", extra: ["1.0", "mine"] },
    ["latest", "1.0.0", "1.0", "1", "mine"],
  ],
  [
    "everything, in this order",
    { commit, branch: "main", tag: "v2.0.0", extra: ["stable"] },
    ["sha-0123456789ab", "main", "2.0.0", "2.0", "2", "latest", "stable"],
  ],
])("%s", (_, facts, tags) => {
  expect(planTags(facts)).toEqual(tags)
})

test.each<[facts: TagFacts, message: string]>([
  [{ commit: "main" }, 'commit: "main" is not a commit id'],
  [{ commit: "abc" }, 'commit: "abc" is not a commit id'],
  [{ commit: `${commit}; id` }, "is not a commit id"],
  [{ extra: ["ok", ""] }, 'tags[1]: "" is not an image tag'],
  [{ extra: ["-x"] }, 'tags[0]: "-x" is not an image tag'],
  [{ extra: ["a/b"] }, 'tags[0]: "a/b" is not an image tag'],
  [{ extra: ["a".repeat(129)] }, "is not an image tag"],
])("refuses %j", (facts, message) => {
  expect(() => planTags(facts)).toThrow(message)
})

test.each([
  ["$(touch /tmp/x)", "touch-tmp-x"],
  ["--help", "help"],
  ["...", "branch"],
  ["日本", "branch"],
  ["a\nb", "a-b"],
  ["x".repeat(200), "x".repeat(128)],
  [`${"x".repeat(127)}/y`, "x".repeat(127)],
])("the hostile branch %j becomes %s", (branch, tag) => {
  expect(branchTag(branch)).toBe(tag)
})

test("whatever a branch or git tag is called: tags of Docker's grammar, each once", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^v?\d{1,3}\.\d\.\d(-[a-z.]{1,9})?(\+\S{1,9})?$/),
  )
  fc.assert(
    fc.property(name, name, (branch, tag) => {
      const tags = planTags({ branch, tag })
      for (const it of tags) expect(it).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/)
      expect(new Set(tags).size).toBe(tags.length)
    }),
  )
})
