import type { Desired } from "../../../src/core/desired.ts"
import { type Plan, planRollout } from "../../../src/core/plan.ts"
import { digest } from "../support/world.ts"
import type { Action, Program } from "./action.ts"
import { resumePlan, runPlan } from "./agent.ts"
import { type Fault, faultNames, faults, leave, perform } from "./faults.ts"
import type { Host, RunFolder } from "./host.ts"
import { copyOf } from "./host-start.ts"
import { alwaysHolds, type Problem } from "./invariants.ts"
import { readHost, unpack } from "./release.ts"
import { endsAs, isSettled } from "./settled.ts"
import type { Checkpoint, Stage, Strike } from "./stage.ts"

export interface Played {
  problem: Problem
  /** What else could have happened, from the last fault on. */
  choices: Strike[]
}

/** How often a deploy may be asked for until there is nothing left to do. */
const patience = 4

/** One deploy under a schedule of faults, and whatever deploys bring the host to rest after it. */
export class Play {
  private readonly host: Host
  private readonly lastFault: number
  private readonly choices: Strike[] = []
  private point = 0
  private runs = 0
  private checkpoint: Checkpoint | undefined

  constructor(
    private readonly stage: Stage,
    private readonly schedule: readonly Strike[],
    private readonly records: boolean,
  ) {
    const last = schedule.at(-1)
    this.lastFault = last?.at ?? 0
    this.checkpoint = last?.from
    this.host = copyOf(last?.from?.host ?? stage.start)
  }

  play(): Played {
    const { plan, world } = this.stage
    const problem =
      (this.checkpoint ? this.resume(this.checkpoint) : this.deploy(plan, world.wanted.tag)) ?? this.settle()
    return { problem, choices: this.choices }
  }

  /** Deploys until nothing is left to do, then the next version. */
  private settle(): Problem {
    const { wanted } = this.stage.world
    const next = { ...wanted, tag: "1.2.0", digest: digest("c") }
    return this.once("wanted", () => this.reach(wanted) ?? this.once("next", () => this.reach(next)))
  }

  /** Equal hosts come to rest equally; but where more faults are to be found on the way, it is gone. */
  private once(aim: string, way: () => Problem): Problem {
    const recovers = this.host.runs.some(({ verdict, journal }) => verdict === "" && journal !== undefined)
    if (this.records && recovers) return way()
    const { settled } = this.stage
    const key = `${aim} ${keyOf(this.host)}`
    if (!settled.has(key)) settled.set(key, way())
    return settled.get(key)
  }

  private reach(wanted: Desired): Problem {
    for (let attempt = 0; attempt < patience; attempt++) {
      const plan = this.plan(wanted)
      if (typeof plan === "string") return plan
      if (plan.steps.length === 0) return isSettled(this.host, wanted.tag, true)
      const problem = this.deploy(plan, wanted.tag)
      if (problem !== undefined) return problem
    }
    return `${patience} deploys of ${wanted.tag} were not enough`
  }

  /** The plan, or why there is none. */
  private plan(wanted: Desired): Plan | string {
    try {
      return planRollout(readHost(this.host, this.stage.world.state), wanted, "shop")
    } catch (error) {
      return `the next deploy is refused: ${error}`
    }
  }

  /** One deploy, from the plan to the verdict or to the death of its agent. */
  private deploy({ release, files }: Plan, tag: string): Problem {
    const { host } = this
    const run = unpack(release, ++this.runs, files)
    host.runs.push(run)
    host.agent = { run: run.id, phase: "recovery" }
    host.booted = false
    return this.live(runPlan(host, run.id, this.stage.agent)) ?? this.end(run, tag)
  }

  /** The rest of the first deploy. */
  private resume({ point, step }: Checkpoint): Problem {
    const { host } = this
    const { agent, world } = this.stage
    const run = host.runs[0]
    this.point = point
    this.runs = 1
    if (run === undefined) return "there is no run to go on with"
    return this.live(resumePlan(host, run.id, step, agent)) ?? this.end(run, world.wanted.tag)
  }

  private end(run: RunFolder, tag: string): Problem {
    const { host } = this
    const { start } = this.stage
    const ended = this.runs === 1 && host.agent !== undefined ? endsAs(host, start, run, tag) : undefined
    if (host.agent !== undefined) this.strike()
    leave(host)
    return ended ?? alwaysHolds(host, start)
  }

  /** The life of an agent, from one action to the next. */
  private live(program: Program): Problem {
    const { host } = this
    for (let turn = program.next(); turn.done !== true; ) {
      this.remember(turn.value)
      const failure = this.strike(turn.value)
      // The generator is dropped like a process that is killed: what it would have done next never happens.
      const succeeded = host.agent !== undefined && perform(turn.value, host, failure)
      // Up to the last fault the same has been seen in a schedule without it.
      const problem = this.point > this.lastFault ? alwaysHolds(host, this.stage.start) : undefined
      if (problem !== undefined || host.agent === undefined) return problem
      turn = program.next(succeeded)
    }
    return undefined
  }

  /** Lets happen what is to happen here; the fault that hits the action itself is the caller's. */
  private strike(action?: Action): Fault | undefined {
    const point = this.point++
    const due = this.schedule.filter(({ at }) => at === point).map(({ fault }) => fault)
    for (const fault of due) faults[fault].strike(this.host)
    const failure = due.find((fault) => faults[fault].hitsTheAction)
    if (failure === undefined) this.offer(point, action)
    return failure
  }

  private remember({ begins: step }: Action): void {
    if (step === undefined || !this.records || this.runs > 1) return
    this.checkpoint = { host: copyOf(this.host), point: this.point, step }
  }

  private offer(at: number, action: Action | undefined): void {
    if (!this.mayStrike() || at < this.lastFault) return
    const possible = faultNames.filter((fault) => faults[fault].isPossible(this.host, action))
    const last = this.schedule.at(-1)
    const from = this.runs === 1 ? this.checkpoint : undefined
    for (const fault of possible.filter((it) => at !== last?.at || it !== last.fault))
      this.choices.push({ at, fault, action: action?.name ?? "the end", ...(from && { from }) })
  }

  /** Faults hit the deploy itself and the recovery of it, not the deploys after. */
  private mayStrike(): boolean {
    return this.records && (this.runs === 1 || this.host.agent?.phase === "recovery")
  }
}

/** What the future of a host depends on: of runs that have ended, the number of the last, and what is left of them. */
function keyOf({ runs, ...host }: Host): string {
  const matters = runs.filter(
    ({ verdict, release }) => verdict === "" || release === host.current || release in host.releases,
  )
  const told = matters.map(({ files: _, ...run }) =>
    run.verdict === "" ? run : [run.id, run.verdict, run.reason],
  )
  return JSON.stringify([host, told, Math.max(...runs.map(({ release }) => release))])
}
