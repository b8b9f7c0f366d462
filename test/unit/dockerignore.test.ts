import { expect, test } from "vitest"
import { cleanPath, parseDockerignore } from "../../src/core/dockerignore.ts"

test.each<[text: string, patterns: string[]]>([
  ["", []],
  ["# only a comment\n\n   \n", []],
  ["node_modules\n*.log\n", ["node_modules", "*.log"]],
  ["/a\n./b/\n  c/./d  \r\n", ["a", "b", "c/d"]],
  ["*\n!src\n! dist \n", ["*", "!src", "!dist"]],
  ["a/../b\n../c\n", ["b", "../c"]],
  ["\uFEFFa\n", ["a"]],
  [" # no comment\n", ["# no comment"]],
  ["**/*.md\n/\n", ["**/*.md", "/"]],
])("%j", (text, patterns) => {
  expect(parseDockerignore(text)).toEqual(patterns)
})

test.each([
  ["", "."],
  [".", "."],
  ["/", "/"],
  ["/..", "/"],
  ["a//b/", "a/b"],
  ["../../a", "../../a"],
])("the path %j is %j", (path, clean) => {
  expect(cleanPath(path)).toBe(clean)
})
