import { describe, expect, test } from "vitest"
import { parseOutcome } from "../../src/core/outcome.ts"
import { encodeSteps, type Step } from "../../src/core/step.ts"
import { facts } from "./support/facts.ts"

const steps: Step[] = [
  { verb: "start", sentence: "Start web", args: ["web", "2"] },
  { verb: "switch", sentence: "Switch web", args: ["web"] },
  { verb: "commit", sentence: "Commit", args: [] },
]

const outcome = (...values: [name: string, value: string][]) =>
  parseOutcome(facts(["plan", encodeSteps(steps)], ["facts", "release 4\ntag 1.1.0\n"], ...values))

/** A journal: hundredths of a second since boot, then what happened. */
const journal = (...lines: string[]): [string, string] => ["journal", `${lines.join("\n")}\n`]

test("deployed: every step with its duration, and what the proxy counted", () => {
  expect(
    outcome(
      ["verdict", "deployed\n"],
      journal(
        ...["100 begin 1 start", "150 done 1", "151 begin 2 switch", "152 done 2"],
        ...["160 begin 3 commit", "161 done 3", "170 verdict deployed"],
      ),
      ["traffic.before", "1000 3 7 1\n"],
      ["traffic.after", "1420 5\n"],
      ["cut", "1\n0\n2\n"],
    ),
  ).toMatchObject({
    run: { release: 4, tag: "1.1.0" },
    schemaAhead: false,
    verdict: "deployed",
    steps: [
      { sentence: "Start web", ms: 500, outcome: "done" },
      { sentence: "Switch web", ms: 10, outcome: "done" },
      { sentence: "Commit", ms: 10, outcome: "done" },
    ],
    undone: [],
    stuck: [],
    logTail: [],
    traffic: { requests: 420, failed: 2, cut: 3 },
    ms: 700,
  })
})

test("reverted: what failed, what was put back, what was never begun, and the container's last lines", () => {
  expect(
    outcome(
      ["verdict", "reverted\n"],
      journal(
        "100 begin 1 start",
        "150 done 1",
        "151 begin 2 switch",
        "201 failed 2",
        "202 undone 2",
        "203 undone 1",
      ),
      ["reason", "the proxy said: no\n"],
      ["tail", "boom\n  at index.js:3\n"],
    ),
  ).toMatchObject({
    schemaAhead: false,
    verdict: "reverted",
    steps: [
      { sentence: "Start web", ms: 500, outcome: "undone" },
      { sentence: "Switch web", ms: 500, outcome: "failed" },
      { sentence: "Commit", ms: 0, outcome: "skipped" },
    ],
    undone: ["Switch web", "Start web"],
    stuck: [],
    reason: "the proxy said: no",
    logTail: ["boom", "  at index.js:3"],
    ms: 1030,
  })
})

test("the schema is ahead when a migration was begun and its version does not serve", () => {
  expect(outcome(["verdict", "reverted"], ["schema", ""])?.schemaAhead).toBe(true)
  expect(outcome(["verdict", "deployed"], ["schema", ""])?.schemaAhead).toBe(false)
})

test("stuck: what could not be put back", () => {
  expect(
    outcome(["verdict", "stuck"], journal("1 begin 1 start", "2 failed 1", "3 stuck 1"), ["reason", "no"]),
  ).toMatchObject({ verdict: "stuck", undone: [], stuck: ["Start web"], reason: "no" })
})

test("refused: no step was begun", () => {
  const refused = outcome(["verdict", "refused"], journal("5 verdict refused"), ["reason", "another rollout"])
  expect(refused?.steps.map((step) => step.outcome)).toEqual(["skipped", "skipped", "skipped"])
  expect(refused).toMatchObject({ verdict: "refused", reason: "another rollout", ms: 0 })
})

test("a step that was interrupted has failed", () => {
  const interrupted = outcome(["verdict", "reverted"], journal("100 begin 1 start", "900 undone 1"))
  expect(interrupted?.steps[0]).toEqual({ sentence: "Start web", ms: 0, outcome: "failed" })
})

describe("traffic", () => {
  const traffic = (...values: [string, string][]) => outcome(["verdict", "deployed"], ...values)?.traffic

  test("is not told when the proxy was not asked at both times", () => {
    expect(traffic()).toBeUndefined()
    expect(traffic(["traffic.before", "1 0"])).toBeUndefined()
    expect(traffic(["traffic.before", "1 0"], ["traffic.after", ""])).toBeUndefined()
  })

  test("without a drain nothing was cut", () => {
    expect(traffic(["traffic.before", "1 0"], ["traffic.after", "5 0"])).toEqual({
      requests: 4,
      failed: 0,
      cut: 0,
    })
  })
})

test.each([
  "",
  "verdict deployed\n",
  facts(["verdict", ""]),
  facts(["verdict", "exploded"]),
  facts(["journal", "1 begin 1"]),
])("%j has no verdict", (output) => {
  expect(parseOutcome(output)).toBeUndefined()
})
