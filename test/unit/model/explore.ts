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

/**
 * Plays a deploy with no fault, with every fault at every point, and with every second fault after it.
 *
 * @param most Most faults in one schedule.
 * @param enough Where to stop: so many schedules that break something are enough.
 */
export function explore(world: World, most = world.faults, played: Agent = agent, enough = 5): Explored {
  const explored: Explored = { schedules: 0, broken: [] }
  const plan = planRollout(world.state, world.wanted, "shop")
  const stage: Stage = { world, agent: played, plan, start: hostFrom(world.state), settled: new Map() }
  const visit = (schedule: readonly Strike[]): void => {
    if (explored.broken.length >= enough) return
    const { problem, choices } = new Play(stage, schedule, schedule.length < most).play()
    explored.schedules++
    if (problem !== undefined) explored.broken.push(`${told(world, schedule)}: ${problem}`)
    else for (const choice of choices) visit([...schedule, choice])
  }
  visit([])
  return explored
}

const told = ({ name }: World, schedule: readonly Strike[]) =>
  `${name}, ${schedule.map(({ at, fault, action }) => `${fault} at ${at} (${action})`).join(", then ") || "undisturbed"}`
