import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startLab } from "../support/lab.ts"
import { openBench, restore } from "./bench.ts"
import { type Bench, type Result, runCell } from "./cell.ts"
import { allRows, applies, faults, rowName, uncovered } from "./rows.ts"

const rows = allRows()

it("every verb occurs in one of the worlds", () => {
  expect(uncovered(rows)).toEqual([])
})

describe("a deploy that is disturbed", () => {
  let bench: Bench
  let dirty = false
  const results = new Map<string, Result>()

  beforeAll(async () => {
    bench = await openBench(await startLab())
  })
  afterAll(async () => {
    await bench?.lab.stop()
  })

  for (const row of rows) {
    describe(rowName(row), () => {
      it.each(faults.filter((fault) => applies(fault, row)))("%s", async (fault) => {
        if (dirty) await restore(bench)
        dirty = true
        const result = await runCell(bench, row, fault)
        results.set(`${rowName(row)} ${fault}`, result)
        console.log(
          `${rowName(row)} × ${fault}: ${result.failed} failed, ${result.verdict}, ${result.seconds.toFixed(1)} s${result.findings.map((finding) => `\n  ✘ ${finding}`).join("")}`,
        )
        expect(result.findings).toEqual([])
        dirty = false
      })
    })
  }
})
