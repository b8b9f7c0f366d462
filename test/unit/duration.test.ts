import fc from "fast-check"
import { expect, test } from "vitest"
import { formatDuration, parseDuration } from "../../src/core/duration.ts"

test.each<[text: string, ms: number]>([
  ["10s", 10_000],
  ["1m30s", 90_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  ["2h30m10s5ms", 9_010_005],
  ["30s1m", 90_000],
  ["0", 0],
  ["0s", 0],
  [" 5s ", 5_000],
  ["1500us", 2],
  ["1500µs", 2],
  ["2000000ns", 2],
])("%s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each<[text: string, problem: string]>([
  ["", '"" is not a duration'],
  ["10", '"10" is not a duration'],
  ["-1s", '"-1s" is not a duration'],
  ["1 s", '"1 s" is not a duration'],
  ["1S", '"1S" is not a duration'],
  ["s", '"s" is not a duration'],
  [".5s", '".5s" is not a duration'],
  ["1d", '"1d" is not a duration'],
  ["10s; id", '"10s; id" is not a duration'],
  ["1000h", '"1000h" is longer than 30 days'],
  [`${"9".repeat(400)}s`, "is longer than 30 days"],
])("refuses %j", (text, problem) => {
  expect(() => parseDuration(text, "soak")).toThrow(problem)
  expect(() => parseDuration(text, "soak")).toThrow(/^soak: .*\n {2}→ write a number with a unit/)
})

test.each<[ms: number, text: string]>([
  [0, "0s"],
  [999.6, "1s"],
  [90_000, "1m30s"],
  [3_600_000, "1h"],
  [61_500, "1m1s500ms"],
])("%d ms is written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test("what is written reads back the same", () => {
  const ms = fc.nat({ max: 30 * 24 * 3_600_000 })
  fc.assert(
    fc.property(ms, (it) => {
      expect(parseDuration(formatDuration(it))).toBe(it)
    }),
  )
})
