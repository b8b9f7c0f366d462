import { expect, test } from "vitest"
import type { Run } from "../../src/core/host-state.ts"
import { rollbackTarget } from "../../src/core/rollback-target.ts"
import { digest, empty, run, world } from "./support/world.ts"

/** Releases 1 to 6, of which 4 was reverted, 5 and 6 are one image, and 6 serves. */
const runs: Run[] = [
  run({ release: 1, tag: "0.8.0", digest: digest("1") }),
  run({ release: 2, tag: "0.9.0", digest: digest("2") }),
  run({ release: 3, tag: "1.0.0", digest: digest("3") }),
  run({ release: 4, tag: "1.1.0", digest: digest("4"), verdict: "reverted" }),
  run({ release: 5, tag: "1.2.0", digest: digest("5") }),
  run({ release: 6, tag: "latest", digest: digest("5") }),
]
const state = world({ runs, current: 6 })

test.each<[what: string, asked: number | undefined, release: number]>([
  ["the last other image that served", undefined, 3],
  ["the release asked for", 1, 1],
  ["even the same image, when asked for", 5, 5],
  ["even the current one, when asked for", 6, 6],
])("goes to %s", (_, asked, release) => {
  expect(rollbackTarget(state, asked).release).toBe(release)
})

test("after a rollback, goes back to the release that was left", () => {
  const rolledBack = run({ release: 4, tag: "0.9.0", digest: digest("2"), kind: "rollback" })
  expect(rollbackTarget(world({ runs: [...runs.slice(0, 3), rolledBack], current: 4 })).release).toBe(3)
})

test.each<[asked: number | undefined, problem: string]>([
  [4, "there is no deployed release 4"],
  [7, "there is no deployed release 7"],
])("refuses %s", (asked, problem) => {
  expect(() => rollbackTarget(state, asked)).toThrow(
    `release: ${problem}\n  → releases on this host: 1 (0.8.0), 2 (0.9.0), 3 (1.0.0), 5 (1.2.0), 6 (latest)`,
  )
})

test("refuses when there is nothing before", () => {
  expect(() => rollbackTarget(empty())).toThrow(
    "release: there is no earlier release to go back to\n  → releases on this host: none",
  )
  expect(() => rollbackTarget(world())).toThrow("releases on this host: 3 (1.0.0)")
})
