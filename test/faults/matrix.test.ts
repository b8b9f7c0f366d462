import { writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startLab } from "../support/lab.ts"
import { openBench, restore } from "./bench.ts"
import { type Bench, type Result, runCell } from "./cell.ts"
import { cellName, renderMatrix, renderPage, renderResult } from "./page.ts"
import { allRows, applies, faults, inSlice, rowName, uncovered } from "./rows.ts"

const rows = allRows()
const results = new Map<string, Result>()
/** FAULTS=all runs every cell in CI, too. */
const all = process.env.CI === undefined || process.env.FAULTS === "all"
const chosen = (row: (typeof rows)[number]) =>
  faults.filter((fault) => applies(fault, row) && (all || inSlice(fault, row, rows)))

it("every verb occurs in one of the worlds", () => {
  expect(uncovered(rows)).toEqual([])
})

describe("a deploy that is disturbed", () => {
  let bench: Bench
  /** The cell before this one left the host as it should not be. */
  let dirty = false

  beforeAll(async () => {
    bench = await openBench(await startLab())
  })
  afterAll(async () => {
    await bench?.lab.stop()
    console.log(
      `${all ? "every cell" : "a slice of the cells (FAULTS=all runs all)"}\n${renderMatrix(rows, results)}`,
    )
    if (process.env.FAULTS_PAGE !== undefined)
      writeFileSync(process.env.FAULTS_PAGE, renderPage(rows, results, new Date().toISOString().slice(0, 10)))
  })

  describe.each(rows.map((row) => ({ name: rowName(row), row })))("at $name:", ({ row }) => {
    it.each(chosen(row))("%s", async (fault) => {
      if (dirty) await restore(bench)
      dirty = true
      const result = await runCell(bench, row, fault)
      results.set(cellName(row, fault), result)
      console.log([`${cellName(row, fault)}: ${renderResult(result)}`, ...result.findings].join("\n  "))
      expect(result.findings).toEqual([])
      dirty = false
    })
  })
})
