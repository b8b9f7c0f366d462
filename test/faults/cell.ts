import type { HostState } from "../../src/core/host-state.ts"
import type { Outcome } from "../../src/core/outcome.ts"
import type { Plan } from "../../src/core/plan.ts"
import type { Lab, TrafficReport } from "../support/lab.ts"
import { underTraffic } from "../support/stories.ts"
import { arm, inject, onHost } from "./inject.ts"
import { type Client, doomed } from "./rollout.ts"
import { type Fault, mayLose, type Row } from "./rows.ts"
import { check, type Judgement } from "./verdict.ts"

/** What came of a deploy that was disturbed, and of the next one. */
export interface Result {
  /** Requests that failed until the disturbed deploy was over. */
  failed: number
  /** Requests that were sent until then. */
  sent: number
  /** As the record says it in the end. */
  verdict: string
  seconds: number
  /** What is not as it must be. */
  findings: string[]
}

/** What all cells share. */
export interface Bench {
  lab: Lab
  client: Client
  /** As the host is between two cells. */
  state: HostState
  /** Files of the project after an undisturbed deploy. */
  known: string[]
}

/** Disturbs a deploy at one moment, under traffic, and looks at everything afterwards; then deploys once more. */
export async function runCell(bench: Bench, row: Row, fault: Fault): Promise<Result> {
  const began = performance.now()
  const { lab, client } = bench
  if (row.world.earlier) await haveEarlier(bench)
  const tag = client.other(bench.state)
  await onHost(lab, `${row.world.prepare}\n${arm(momentOf(row, fault))}`)
  const plan = await client.plan(tag, {}, row.world.wish)

  const disturbed = await underTraffic(lab, "disturbed", async () => {
    const outcome = await disturb(bench, fault, row.undo ? doomed(plan) : plan)
    return check(bench, row, { plan, fault, outcome, tagBefore: bench.state.tag })
  })
  const findings = [...disturbed.result.findings]
  if (!mayLose(fault, row)) findings.push(...lost("the disturbed deploy", disturbed.traffic))

  if (row.world.tidy !== undefined) await onHost(lab, row.world.tidy)
  const next = await underTraffic(lab, "next", async () => {
    const again = await client.deploy(client.other(disturbed.result.state, tag))
    return check(bench, row, { ...again, tagBefore: tag, after: disturbed.result })
  })
  findings.push(...next.result.findings.map((finding) => `next deploy: ${finding}`))
  if (!row.world.gap) findings.push(...lost("the next deploy", next.traffic))

  bench.state = next.result.state
  const { failed, sent } = disturbed.traffic
  const seconds = (performance.now() - began) / 1000
  return { failed, sent, verdict: ending(disturbed.result, next.result.state), seconds, findings }
}

/** Sees to a release before the one that serves. */
async function haveEarlier(bench: Bench): Promise<void> {
  if (bench.state.kept.some((release) => release !== bench.state.current)) return
  const { outcome } = await bench.client.deploy(bench.client.other(bench.state))
  if (outcome.verdict !== "deployed") throw new Error(`${outcome.verdict}: ${outcome.reason}`)
  bench.state = await bench.client.read()
}

/** How the record of a run ends; what an agent that was killed had begun is brought to an end by the next one. */
function ending({ release, verdict }: Judgement, { runs }: HostState): string {
  if (verdict !== "unfinished") return verdict
  return `killed, then ${runs.find((run) => run.release === release)?.verdict}`
}

const momentOf = ({ verb, undo }: Row, fault: Fault) =>
  `${fault === "agent killed after it" ? "after" : "before"} ${undo ? "undo" : "do"}_${verb}`

async function disturb({ lab, client }: Bench, fault: Fault, plan: Plan): Promise<Outcome | Error> {
  const applied = client.apply(plan).catch((error: Error) => error)
  await inject(lab, client.host, fault, plan.release)
  return applied
}

const lost = (when: string, { failed, failedBy }: TrafficReport) =>
  failed === 0 ? [] : [`${failed} requests lost in ${when}: ${JSON.stringify(failedBy)}`]
