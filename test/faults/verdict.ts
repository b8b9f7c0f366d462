import { committedRun, type HostState } from "../../src/core/host-state.ts"
import type { Outcome } from "../../src/core/outcome.ts"
import type { Plan } from "../../src/core/plan.ts"
import { renderHistory, renderStatus } from "../../src/core/status.ts"
import type { Bench } from "./cell.ts"
import type { Fault, Row } from "./rows.ts"
import { readTraces, remains, type Serving } from "./traces.ts"

/** A deploy that is over, as far as its client knows. */
interface Attempt {
  plan: Plan
  outcome: Outcome | Error
  /** What was there when Seamless had deployed nothing. */
  tagBefore: string
  fault?: Fault
  /** The deploy before it, which was disturbed. */
  after?: Judgement
}

/** What was found after it. */
export interface Judgement {
  release: number
  verdict: string
  /** Whether the release of this run is the committed one. */
  committed: boolean
  state: HostState
  findings: string[]
}

const agentDies: readonly (Fault | undefined)[] = [
  "agent killed in it",
  "agent killed after it",
  "host rebooted",
]

/** Whether the host, its record and what the client was told agree, and nothing is left over. */
export async function check(bench: Bench, row: Row, attempt: Attempt): Promise<Judgement> {
  const { plan, fault } = attempt
  const traces = await readTraces(bench.lab)
  const answers = traces.versions
  const state = await bench.client.read()
  const verdict = state.runs.find(({ release }) => release === plan.release)?.verdict ?? "not recorded"
  const committed = state.current === plan.release
  const findings = told(attempt, verdict)
  if (agentDies.includes(fault)) {
    if (verdict !== "unfinished") findings.push(`the record says ${verdict}`)
    if (answers.length > 1) findings.push(`several versions serve: ${answers}`)
    if (!/was interrupted/.test(renderStatus("host", state)))
      findings.push("status does not say: interrupted")
    if (fault === "host rebooted") findings.push(...booted(row, state, attempt.tagBefore, answers))
  } else {
    const serving = shouldServe(row, state, attempt.tagBefore)
    if (verdict !== (committed ? "deployed" : "reverted")) findings.push(`the record says ${verdict}`)
    if (answers.join() !== (serving?.tag ?? "nothing"))
      findings.push(`${answers} serves, not ${serving?.tag}`)
    findings.push(...remains(traces, serving, bench.known, attempt.tagBefore), ...recorded(state, serving))
  }
  findings.push(...reconciled(state, attempt.after))
  return { release: plan.release, verdict, committed, state, findings }
}

/** What the client must have been told. */
function told({ outcome, fault, plan, after }: Attempt, verdict: string): string[] {
  if (fault === "client killed") return []
  const said = outcome instanceof Error ? outcome.message : outcome.verdict
  if (agentDies.includes(fault))
    return /its agent was killed/.test(said) ? [] : [`the client was told: ${said}`]
  if (after !== undefined && said !== "deployed") {
    const reason = outcome instanceof Error ? "" : outcome.reason
    return [`release ${plan.release} ended with ${said}: ${reason}`]
  }
  return said === verdict ? [] : [`the client was told ${said}, the record says ${verdict}`]
}

/** What serves when the host is up again. Until an adoption has ended, both versions may take the ports. */
function booted(row: Row, state: HostState, tagBefore: string, answers: readonly string[]): string[] {
  const current = state.runs.find(({ release }) => release === state.current)
  const wanted = [current?.tag ?? tagBefore, ...(row.world.gap ? [tagBefore] : [])]
  const [answer = "nothing"] = answers
  return wanted.includes(answer) ? [] : [`${answer} serves after the boot, not ${wanted.join(" or ")}`]
}

/** By the commit alone. */
function shouldServe({ world }: Row, state: HostState, tagBefore: string): Serving | undefined {
  const run = committedRun(state)
  if (run !== undefined) return { tag: run.tag, release: run.release }
  return world.name === "adoption" ? { tag: tagBefore } : undefined
}

/** Status and history as people read them. */
function recorded(state: HostState, serving: Serving | undefined): string[] {
  const status = renderStatus("host", state)
  const lines = [
    "lock      free",
    serving?.release === undefined
      ? "release   none"
      : `release   ${serving.release}: registry:5000/app:${serving.tag} `,
    serving?.release === undefined ? "proxy     none" : "proxy     app-seamless-proxy running",
  ]
  const missing = lines.filter((line) => !status.includes(line))
  if (/interrupted|running {3}release/.test(status)) missing.push("no rollout under way")
  if (
    serving?.release !== undefined &&
    !renderHistory(state).includes(
      `*${String(serving.release).padStart(5)}  ${committedRun(state)?.kind} deployed`,
    )
  )
    missing.push(`release ${serving.release} in the history`)
  return missing.map((line) => `status lacks "${line}"`)
}

/** COMMIT decided the direction of a run that was interrupted. */
function reconciled(state: HostState, before: Judgement | undefined): string[] {
  if (before?.verdict !== "unfinished") return []
  const wanted = before.committed ? "deployed" : "reverted"
  const { verdict } = state.runs.find(({ release }) => release === before.release) ?? {}
  return verdict === wanted ? [] : [`the interrupted run was ${verdict}, not ${wanted}`]
}
