import fc from "fast-check"
import { expect, test } from "vitest"
import { planPauses, pushPauses } from "../../src/core/backoff.ts"

test("pauses double up to the longest, and end with the patience", () => {
  expect(planPauses({ total: 120_000, ...pushPauses }, () => 0)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_000,
  ])
})

test("each pause is cut by up to a half", () => {
  const numbers = [0, 0.5, 0.999, 0.25]
  let next = 0
  const pauses = planPauses({ total: 12_000, ...pushPauses }, () => numbers[next++ % 4] as number)
  expect(pauses).toEqual([1_000, 1_500, 2_002, 7_000])
})

test.each([0, 400])("a patience of %d ms has room for none", (total) => {
  expect(planPauses({ total, ...pushPauses }, () => 0.999)).toEqual([])
})

test("whatever the patience and the dice: an end, and no more than the patience in all", () => {
  const ms = fc.integer({ min: 0, max: 3_600_000 })
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(ms, fc.array(dice, { minLength: 1 }), (total, rolled) => {
      let next = 0
      const pauses = planPauses({ total, ...pushPauses }, () => rolled[next++ % rolled.length] as number)
      expect(pauses.reduce((all, pause) => all + pause, 0)).toBeLessThanOrEqual(total)
      for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(500)
    }),
  )
})
