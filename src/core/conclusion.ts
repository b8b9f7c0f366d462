import { advise } from "./advice.ts"
import { DeployError } from "./errors.ts"
import type { Outcome } from "./outcome.ts"
import type { DeployReport, Verdict } from "./report.ts"

/** The report of a run that ended, from the host's own records. */
export function conclude(host: string, outcome: Outcome, more: Partial<DeployReport> = {}): DeployReport {
  const { run, steps, undone, reason, logTail, traffic, ms } = outcome
  return {
    verdict: verdict(outcome),
    host,
    project: run.project,
    release: run.release,
    image: run.repository,
    digest: run.digest,
    tags: [run.tag],
    services: run.services,
    steps,
    undone,
    ...(reason === undefined ? {} : { reason }),
    ...(traffic === undefined ? {} : { traffic }),
    ...(logTail.length === 0 ? {} : { logTail }),
    totalMs: ms,
    timings: {},
    ...more,
  }
}

function verdict({ verdict, run: { kind } }: Outcome): Verdict {
  if (verdict === "deployed") return kind === "rollback" ? "rolled-back" : "deployed"
  return { reverted: "reverted", stuck: "failed", refused: "refused", busy: "refused", stale: "refused" }[
    verdict
  ] as Verdict
}

/** The error of a run that did not end well: what failed, what serves now, what to do next. */
export function failure(host: string, outcome: Outcome): DeployError {
  const { run, reason = "it failed", steps, undone, logTail, ms } = outcome
  const failed = steps.find((step) => step.outcome === "failed")
  const advice = advise(reason)
  const record = `the record of this run is release ${run.release} in the history (${ms} ms)`
  return new DeployError(`${run.project} on ${host}: ${reason}; ${whatServes(outcome)}`, {
    ...(failed === undefined ? {} : { step: failed.sentence }),
    undone,
    logTail,
    hint: advice === undefined ? record : `${advice}; ${record}`,
  })
}

function whatServes({ verdict, stuck, schemaAhead }: Outcome): string {
  if (verdict === "stuck") return `not everything could be put back (${stuck.join("; ")}): look at the host`
  if (verdict !== "reverted") return "nothing was changed"
  return schemaAhead
    ? "the old version serves, with the schema that the migration of the new one has left"
    : "the old version serves"
}
