import { expect, test } from "vitest"
import { explore } from "./explore.ts"
import { worlds } from "./worlds.ts"

// A simulated host carries the compiled plan out, by the algorithm of src/agent/*.sh, and is disturbed at every point by
// every fault, in every order of up to two. See invariants.ts and settled.ts for what must hold.

const minutes = 60_000
let schedules = 0

test.each(worlds)("whatever happens: $name", { timeout: 3 * minutes }, (world) => {
  const explored = explore(world)
  schedules += explored.schedules
  console.log(`${world.name}: ${explored.schedules} schedules`)
  expect(explored.broken).toEqual([])
  expect(explored.schedules).toBeGreaterThan(world.faults === 2 ? 10_000 : 300)
})

test("there was something to explore", () => {
  expect(schedules).toBeGreaterThan(100_000)
})
