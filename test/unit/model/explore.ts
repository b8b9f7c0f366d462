import { planRollout } from "../../../src/core/plan.ts"
import { type Agent, agent } from "./agent.ts"
import { hostFrom } from "./host-start.ts"
import { Play } from "./play.ts"
import type { Stage, Strike, World } from "./stage.ts"

/** What came of all schedules of a world. */
export interface Explored {
  schedules: number
  /** The schedules that break an invariant, each with what it breaks. */
  broken: string[]
}

export interface Options {
  /** Most faults in one schedule. */
  most?: number
  played?: Agent
  /** So many schedules that break something are enough. */
  enough?: number
  /** Which faults are tried; all, unless it says otherwise. */
  among?(strike: Strike): boolean
}

/** Plays a deploy with no fault, with every fault at every point, and with every second fault after it. */
export function explore(world: World, options: Options = {}): Explored {
  const { most = world.faults, played = agent, enough = 5, among = () => true } = options
  const explored: Explored = { schedules: 0, broken: [] }
  const plan = planRollout(world.state, world.wanted, "shop")
  const stage: Stage = { world, agent: played, plan, start: hostFrom(world.state), settled: new Map() }
  const visit = (schedule: readonly Strike[]): void => {
    if (explored.broken.length >= enough) return
    const { problem, choices } = new Play(stage, schedule, schedule.length < most).play()
    explored.schedules++
    if (problem !== undefined) explored.broken.push(`${told(world, schedule)}: ${problem}`)
    else for (const choice of choices.filter(among)) visit([...schedule, choice])
  }
  visit([])
  return explored
}

const told = ({ name }: World, schedule: readonly Strike[]) =>
  `${name}, ${schedule.map(({ at, fault, action }) => `${fault} at ${at} (${action})`).join(", then ") || "undisturbed"}`
