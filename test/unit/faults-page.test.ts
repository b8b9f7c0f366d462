import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { type Cells, cellName, readCells, renderPage } from "../faults/page.ts"
import { allRows, applies, faults, rebootRows } from "../faults/rows.ts"

const rows = allRows()
const measured = "0 of 1, deployed, 1 s"

/** As if every cell had been run. */
const everyCell: Cells = new Map([
  ...rows.flatMap((row) =>
    faults.filter((fault) => applies(fault, row)).map((fault) => [cellName(row, fault), measured] as const),
  ),
  ...rebootRows(rows).map((row) => [cellName(row, "host rebooted"), measured] as const),
])

/** The page without its figures: a cell with a finding stays as it is. */
const shape = (page: string) =>
  page
    .replaceAll(
      /(?<=\| )(\d+ of \d+, (deployed|reverted|killed, then (deployed|reverted)), \d+ s)/g,
      "a cell",
    )
    .replace(/ on \d{4}-\d\d-\d\d/, "")

it("docs/faults.md has a cell for every step and fault that there is, and none with a finding", () => {
  const page = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8")
  expect(shape(page), "npm run faults:page writes it anew").toBe(
    shape(renderPage(rows, everyCell, "2026-01-01")),
  )
})

it("a cell that is run again takes the place of its last result", () => {
  const [first, second] = [...everyCell.keys()] as [string, string]
  const page = renderPage(rows, new Map([...everyCell, [second, "✘ 2 of 9, reverted, 4 s"]]), "2026-01-01")
  expect(readCells(page)).toEqual(new Map([...everyCell, [second, "✘ 2 of 9, reverted, 4 s"]]))
  expect(readCells(page).get(first)).toBe(measured)
})
