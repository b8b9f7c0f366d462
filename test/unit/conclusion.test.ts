import { describe, expect, test } from "vitest"
import { conclude, failure } from "../../src/core/conclusion.ts"
import type { Outcome } from "../../src/core/outcome.ts"
import { digest, run } from "./support/world.ts"

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  run: run({ release: 4, tag: "1.1.0", digest: digest("b") }),
  schemaAhead: false,
  verdict: "deployed",
  steps: [{ sentence: "Start web", ms: 500, outcome: "done" }],
  undone: [],
  stuck: [],
  logTail: [],
  ms: 700,
  ...changes,
})

test("the report of a run has what the host recorded of it", () => {
  expect(conclude("deploy@host", outcome())).toEqual({
    verdict: "deployed",
    host: "deploy@host",
    project: "shop",
    release: 4,
    image: "registry.test/app",
    digest: digest("b"),
    tags: ["1.1.0"],
    services: ["web"],
    steps: [{ sentence: "Start web", ms: 500, outcome: "done" }],
    undone: [],
    totalMs: 700,
    timings: {},
  })
})

test.each([
  ["deployed", "deploy", "deployed"],
  ["deployed", "rollback", "rolled-back"],
  ["reverted", "rollback", "reverted"],
  ["stuck", "deploy", "failed"],
  ["refused", "deploy", "refused"],
  ["busy", "deploy", "refused"],
  ["stale", "deploy", "refused"],
] as const)("%s, of a %s, reads %s", (verdict, kind, told) => {
  expect(conclude("h", outcome({ verdict, run: run({ kind }) })).verdict).toBe(told)
})

describe("the error", () => {
  const message = (changes: Partial<Outcome>) => failure("deploy@host", outcome(changes)).message

  test("says what failed, what was undone, and where the record is", () => {
    expect(
      message({
        verdict: "reverted",
        reason: "web was not ready after 60 s: port 3000 answered 404 on /health",
        steps: [{ sentence: "Wait until web is ready", ms: 60_000, outcome: "failed" }],
        undone: ["Start web"],
        logTail: ["boom"],
      }),
    ).toBe(
      [
        "shop on deploy@host: web was not ready after 60 s: port 3000 answered 404 on /health; the old version serves",
        "  failed step: Wait until web is ready",
        "  undone: Start web",
        "  last log lines:",
        "    | boom",
        "  → the app has no such path: name its own with --health-path; the record of this run is release 4 in the history (700 ms)",
      ].join("\n"),
    )
  })

  test.each<[Partial<Outcome>, string]>([
    [
      { verdict: "reverted", schemaAhead: true },
      "the old version serves, with the schema that the migration of the new one has left",
    ],
    [{ verdict: "busy", reason: "another rollout" }, "another rollout; nothing was changed"],
    [{ verdict: "stale", reason: "changed" }, "changed; nothing was changed"],
    [
      { verdict: "stuck", stuck: ["Start web"] },
      "not everything could be put back (Start web): look at the host",
    ],
  ])("of %j says what serves", (changes, words) => {
    expect(message(changes)).toContain(words)
  })
})
