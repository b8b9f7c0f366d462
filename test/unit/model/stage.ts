import type { Desired } from "../../../src/core/desired.ts"
import type { HostState } from "../../../src/core/host-state.ts"
import type { Plan } from "../../../src/core/plan.ts"
import type { Agent } from "./agent.ts"
import type { Fault } from "./faults.ts"
import type { Host } from "./host.ts"
import type { Problem } from "./invariants.ts"

/** Where a deploy begins, and what is wanted. */
export interface World {
  name: string
  state: HostState
  wanted: Desired
  /** Most faults in one schedule. */
  faults: number
}

/** A fault at a point: the number of the action before which, or instead of which, it happens. */
export interface Strike {
  at: number
  fault: Fault
  /** The action, for whoever reads of it. */
  action: string
  /** The beginning of the step, from which it is played. */
  from?: Checkpoint
}

/** A moment between two steps of the first deploy. */
export interface Checkpoint {
  host: Host
  point: number
  step: number
}

/** What all schedules of a world have in common. */
export interface Stage {
  world: World
  agent: Agent
  plan: Plan
  start: Host
  /** What came of hosts that were left to themselves. */
  settled: Map<string, Problem>
}
