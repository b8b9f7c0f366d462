import { expect, test } from "vitest"
import { encodeSteps, type Step } from "../../src/core/step.ts"

const step = (changes: Partial<Step> = {}): Step => ({
  verb: "switch",
  sentence: "Switch web",
  args: ["web"],
  ...changes,
})

test("a step is a line, its fields parted by tabs", () => {
  expect(encodeSteps([step(), step({ verb: "commit", sentence: "Commit", args: [] })])).toBe(
    "switch\tSwitch web\tweb\ncommit\tCommit\n",
  )
  expect(encodeSteps([])).toBe("")
})

test("what a shell would run, and letters of the world, are fields like others", () => {
  const args = ["$(id)", "a b", "'\"\\", "größe 日本"]
  expect(encodeSteps([step({ args })])).toBe(`switch\tSwitch web\t${args.join("\t")}\n`)
})

test.each<[Partial<Step>, string]>([
  [{ args: ["a\tb"] }, '"a\\tb"'],
  [{ args: ["web", "a\nb"] }, '"a\\nb"'],
  [{ args: ["a\rb"] }, '"a\\rb"'],
  [{ args: ["a\0b"] }, '"a\\u0000b"'],
  [{ args: ["\u001b[2J"] }, '"\\u001b[2J"'],
  [{ args: ["web", ""] }, '""'],
  [{ sentence: "two\nlines" }, '"two\\nlines"'],
])("refuses %j", (changes, value) => {
  expect(() => encodeSteps([step(), step(changes)])).toThrow(
    `plan: the value ${value} cannot be passed to the host\n  → `,
  )
})
