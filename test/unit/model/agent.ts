import type { Verb } from "../../../src/core/step.ts"
import {
  type Action,
  change,
  file,
  type Job,
  look,
  openRun,
  type PlannedStep,
  type Program,
} from "./action.ts"
import { forget } from "./files.ts"
import type { Host, RunFolder } from "./host.ts"
import { releaseOf } from "./release.ts"
import { isVerb, type VerbModel, verbs } from "./verbs.ts"

// This mirrors src/agent/*.sh, function by function: who changes one changes the other. What it shows to be broken here is
// a fault of the agent or of the plan.

/** The agent's algorithm, in parts that a test can break. */
export interface Agent {
  verbs: Readonly<Record<Verb, VerbModel>>
  /** The steps as it reads them from the plan. */
  read(steps: PlannedStep[]): PlannedStep[]
  /** Numbers of the steps that are to be undone, in this order. */
  undoOrder(begun: number[]): number[]
  /** Whether an interrupted run goes on to its end. */
  goesForward(job: Job): boolean
}

export const agent: Agent = {
  verbs,
  read: (steps) => steps,
  undoOrder: (begun) => [...new Set(begun)].sort((a, b) => b - a),
  goesForward: (job) => isCommitted(job),
}

const isCommitted = ({ host, release }: Job) => host.current === release

/** The steps' numbers that the journal has for an event. */
const journaled = ({ run }: Job, event: string) =>
  (run.journal ?? []).filter((line) => line.startsWith(`${event} `)).map((line) => Number(line.split(" ")[1]))

/** A durable line; a step whose line cannot be written does not begin. */
const journal = ({ run }: Job, ...words: (string | number)[]): Action => ({
  ...file(`journal ${words.join(" ")}`, () => {
    run.journal ??= []
    run.journal.push(words.join(" "))
    return true
  }),
  tear: () => {
    run.journal ??= []
  },
})

/** Why a step failed; of several reasons the first is the cause. */
const reason = ({ run }: Job, why: string): Action =>
  file("write the reason", () => {
    run.reason ||= why
    return true
  })

/** The whole life of an agent: whoever has the lock brings what was interrupted to an end before anything else. */
export function* runPlan(host: Host, id: string, it: Agent): Program {
  for (const run of host.runs) {
    const interrupted = run.id !== id && run.verdict === ""
    if (interrupted && run.journal !== undefined) yield* reconcile(open(host, run, it), it)
    if (interrupted) run.credentials = false
  }
  host.agent = { run: id, phase: "rollout" }
  const run = host.runs.find((one) => one.id === id)
  if (run === undefined) return false
  const job = open(host, run, it)
  if (!(yield journal(job, "locked")) || !(yield file("keep room"))) return yield* verdict(job, "refused")
  if (host.releases[job.release] !== undefined) return yield* verdict(job, "stale")
  yield change("move the release", () => {
    host.releases[job.release] = releaseOf(run.files)
    run.moved = true
    return true
  })
  return yield* carryOut(job, 1, it)
}

/** The rest of that life, from a step on. */
export function* resumePlan(host: Host, id: string, from: number, it: Agent): Program {
  const run = host.runs.find((one) => one.id === id)
  return run !== undefined && (yield* carryOut(open(host, run, it), from, it))
}

function open(host: Host, run: RunFolder, { read }: Agent): Job {
  const job = openRun(host, run)
  return { ...job, steps: read(job.steps) }
}

function* reconcile(job: Job, it: Agent): Program {
  if (journaled(job, "begin").length === 0) {
    if (job.run.moved) yield removeRelease(job)
    return yield* verdict(job, "stale")
  }
  if (it.goesForward(job)) return yield* carryOut(job, Math.max(0, ...journaled(job, "done")) + 1, it)
  yield reason(job, "interrupted")
  return yield* revert(job, it)
}

function* carryOut(job: Job, from: number, it: Agent): Program {
  if (yield* forward(job, from, it)) return yield* verdict(job, "deployed")
  if (last(job) !== "expect") return yield* revert(job, it)
  yield removeRelease(job)
  return yield* verdict(job, "stale")
}

/** The verb of the step that was begun last. */
const last = (job: Job) => job.steps[(journaled(job, "begin").at(-1) ?? 0) - 1]?.verb

const removeRelease = ({ release }: Job) =>
  change("remove the release", (host) => delete host.releases[release])

function* revert(job: Job, it: Agent): Program {
  return yield* verdict(job, (yield* backward(job, it)) ? "reverted" : "stuck")
}

/** Before COMMIT the first failure ends it; after it, none does. */
function* forward(job: Job, from: number, it: Agent): Program {
  for (const [index, step] of job.steps.entries()) {
    const number = index + 1
    if (number < from) continue
    const began = yield { ...journal(job, "begin", number, step.verb), begins: number }
    const done = (began || isCommitted(job)) && (yield* act(job, step, it))
    if (!began || !done) yield reason(job, step.verb)
    yield journal(job, done ? "done" : "failed", number)
    if (!done && !isCommitted(job)) return false
  }
  return true
}

/** A hook of the user may not be what can be repeated. */
function act(job: Job, step: PlannedStep, it: Agent): Program {
  const program = () => model(step, it).do(job, ...step.args)
  return isCommitted(job) && step.verb !== "hook" ? surely(program) : program()
}

/** Undoes the steps that were begun, newest first. */
function* backward(job: Job, it: Agent): Program {
  let undone = true
  for (const number of it.undoOrder(journaled(job, "begin"))) {
    const step = job.steps[number - 1]
    const undo = step === undefined ? undefined : model(step, it).undo
    if (step === undefined || undo === undefined) continue
    const worked = yield* surely(() => undo(job, ...step.args))
    if (!worked) undone = false
    yield journal(job, worked ? "undone" : "stuck", number)
  }
  yield removeRelease(job)
  return undone
}

/** For what there is no way back from: when it fails because dockerd restarts, or the disk is full, it is done once more. */
function* surely(program: () => Program): Program {
  if (yield* program()) return true
  return (yield look("wait for Docker")) && (yield* program())
}

function model({ verb }: PlannedStep, it: Agent): VerbModel {
  if (!isVerb(verb)) throw new Error(`the model has no verb ${verb}: add it to verbs.ts`)
  return it.verbs[verb]
}

function* verdict(job: Job, word: string): Program {
  const { run } = job
  yield change("remove the credentials", () => forget(run))
  yield journal(job, "verdict", word)
  if (!(yield file("write the verdict"))) return false
  return yield change("rename the verdict", () => {
    run.verdict = word
    return true
  })
}
