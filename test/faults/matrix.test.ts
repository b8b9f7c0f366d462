import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startLab } from "../support/lab.ts"
import { openBench, restore } from "./bench.ts"
import { type Bench, runCell } from "./cell.ts"
import { cellName, readCells, renderMatrix, renderPage, renderResult } from "./page.ts"
import {
  allRows,
  applies,
  type Fault,
  faults,
  inSlice,
  type Row,
  rebootRows,
  rowName,
  uncovered,
} from "./rows.ts"

const rows = allRows()
const cells = new Map<string, string>()
/** FAULTS=slice runs a part of the cells. */
const all = process.env.FAULTS !== "slice"
const chosen = (row: Row) =>
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
    const which = all ? "every cell" : "a slice of the cells (without FAULTS=slice all are run)"
    console.log(`${which}\n${renderMatrix(rows, cells)}`)
  })

  /** After each cell: a run that is broken off has brought something, too. */
  const writePage = () => {
    const page = process.env.FAULTS_PAGE
    if (page === undefined) return
    const before = existsSync(page) ? readCells(readFileSync(page, "utf8")) : []
    const today = new Date().toISOString().slice(0, 10)
    writeFileSync(page, renderPage(rows, new Map([...before, ...cells]), today))
  }

  const disturb = async (row: Row, fault: Fault) => {
    if (dirty) await restore(bench)
    dirty = true
    const result = await runCell(bench, row, fault)
    cells.set(cellName(row, fault), renderResult(result))
    writePage()
    console.log([`${cellName(row, fault)}: ${renderResult(result)}`, ...result.findings].join("\n  "))
    expect(result.findings).toEqual([])
    dirty = false
  }

  describe.each(rows.map((row) => ({ name: rowName(row), row })))("at $name:", ({ row }) => {
    it.each(chosen(row))("%s", (fault) => disturb(row, fault))
  })

  it.each(rebootRows(rows))("by a reboot of the host at $verb ($world.name)", (row) =>
    disturb(row, "host rebooted"),
  )
})
