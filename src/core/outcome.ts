import { parseFacts, parseRun, type Run } from "./host-state.ts"
import type { ReportStep, Traffic } from "./report.ts"
import { decodeSteps, type Step } from "./step.ts"

/** How the agent's run ended. */
export interface Outcome {
  /** What the run was to deploy. */
  run: Run
  /** A migration was begun, and the version that it was for does not serve. */
  schemaAhead: boolean
  verdict: (typeof verdicts)[number]
  steps: ReportStep[]
  /** Sentences of what was put back, newest first. */
  undone: string[]
  /** Sentences of what could not be put back. */
  stuck: string[]
  reason?: string
  logTail: string[]
  traffic?: Traffic
  /** Milliseconds from the first line of the journal to the last. */
  ms: number
}

const verdicts = [
  "deployed",
  "reverted",
  // The project is locked for maintenance.
  "refused",
  // Another rollout holds the lock.
  "busy",
  // The plan was made for another state of the host.
  "stale",
  "stuck",
] as const

/** Reads the records that the agent prints at the end; nothing when there are none. */
export function parseOutcome(output: string): Outcome | undefined {
  const facts = parseFacts(output)
  const text = (name: string) => facts.get(name)?.[0]?.trim() ?? ""
  const verdict = verdicts.find((name) => name === text("verdict"))
  if (verdict === undefined) return undefined
  const steps = decodeSteps(text("plan"))
  const journal = parseJournal(text("journal"))
  const sentences = (event: string) =>
    journal.filter((entry) => entry.event === event).map(({ index }) => steps[index]?.sentence ?? "")
  const reason = text("reason")
  const traffic = parseTraffic(text("traffic.before"), text("traffic.after"), text("cut"))
  return {
    run: parseRun(`verdict ${verdict}\n${text("facts")}`),
    schemaAhead: verdict !== "deployed" && facts.has("schema"),
    verdict,
    steps: steps.map((step, index) => reportStep(step, index, journal)),
    undone: sentences("undone"),
    stuck: sentences("stuck"),
    ...(reason === "" ? {} : { reason }),
    logTail: text("tail") === "" ? [] : text("tail").split("\n"),
    ...(traffic === undefined ? {} : { traffic }),
    ms: (journal.at(-1)?.ms ?? 0) - (journal[0]?.ms ?? 0),
  }
}

interface Entry {
  ms: number
  event: string
  /** Index of the step, from 0. */
  index: number
}

/** The journal: hundredths of a second since boot, an event, the number of a step. */
function parseJournal(text: string): Entry[] {
  const lines = text.split("\n").filter((line) => line !== "")
  return lines.map((line) => {
    const [at, event, number] = line.split(" ")
    return { ms: Number(at) * 10, event: event ?? "", index: Number(number) - 1 }
  })
}

function reportStep({ sentence }: Step, index: number, journal: readonly Entry[]): ReportStep {
  const own = journal.filter((entry) => entry.index === index)
  const begin = own.find(({ event }) => event === "begin")
  const end = own.find(({ event }) => event === "done" || event === "failed")
  if (begin === undefined) return { sentence, ms: 0, outcome: "skipped" }
  const undone = own.some(({ event }) => event === "undone")
  return {
    sentence,
    ms: (end?.ms ?? begin.ms) - begin.ms,
    outcome: end?.event !== "done" ? "failed" : undone ? "undone" : "done",
  }
}

/** "requests errors" of all published ports before the switch and after the soak; a count of cut requests a line. */
function parseTraffic(before: string, after: string, cut: string): Traffic | undefined {
  const [requestsBefore, failedBefore] = before.split(" ").map(Number)
  const [requests, failed] = after.split(" ").map(Number)
  if (
    requests === undefined ||
    failed === undefined ||
    requestsBefore === undefined ||
    failedBefore === undefined
  )
    return undefined
  const cuts = cut.split("\n").map(Number)
  return {
    requests: requests - requestsBefore,
    failed: failed - failedBefore,
    cut: cuts.reduce((sum, count) => sum + count, 0),
  }
}
