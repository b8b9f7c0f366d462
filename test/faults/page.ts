import type { Result } from "./cell.ts"
import { applies, type Fault, faults, type Row, rebootRows, rowName } from "./rows.ts"

/** What came of each cell, in words, by {@link cellName}. */
export type Cells = ReadonlyMap<string, string>

export const cellName = (row: Row, fault: Fault) => `${rowName(row)} × ${fault}`

/** There is nothing to kill at that moment. */
const nothingToKill = "–"
const notRun = "not run"

/** The matrix as a table: what is disturbed × how. */
export function renderMatrix(rows: readonly Row[], cells: Cells): string {
  const line = (texts: readonly string[]) => `| ${texts.join(" | ")} |`
  const cell = (row: Row, fault: Fault) =>
    applies(fault, row) ? (cells.get(cellName(row, fault)) ?? notRun) : nothingToKill
  return [
    line(["", ...faults]),
    line(["", ...faults].map(() => "---")),
    ...rows.map((row) => line([rowName(row), ...faults.map((fault) => cell(row, fault))])),
  ].join("\n")
}

export function renderResult({ failed, sent, verdict, seconds, findings }: Result): string {
  const wrong = findings.length === 0 ? "" : "✘ "
  return `${wrong}${failed} of ${sent}, ${verdict}, ${seconds.toFixed(0)} s`
}

function renderReboots(rows: readonly Row[], cells: Cells): string {
  const line = (row: Row) => `| ${rowName(row)} | ${cells.get(cellName(row, "host rebooted")) ?? notRun} |`
  return ["| | host rebooted |", "| --- | --- |", ...rebootRows(rows).map(line)].join("\n")
}

/** The cells of a page that {@link renderPage} wrote, so that one that is run again takes the place of its last result. */
export function readCells(page: string): Cells {
  const cells = new Map<string, string>()
  let header: string[] = []
  for (const line of page.split("\n").filter((text) => text.startsWith("|"))) {
    const [, first = "", ...texts] = line.split("|").map((text) => text.trim())
    if (first === "") header = texts
    for (const [column, text] of texts.entries()) {
      if (/^(✘ )?\d/.test(text)) cells.set(`${first} × ${header[column]}`, text)
    }
  }
  return cells
}

/** docs/faults.md: the matrix of a full run, and how to read it. */
export const renderPage = (rows: readonly Row[], cells: Cells, when: string) => `# What a deploy survives

Written by \`npm run faults:page\` on ${when}: each cell is a deploy on a real host under 100 requests a second that was
disturbed at that step, and a second one after it. A cell says how many requests failed of those sent until the disturbed
deploy was over, how it ended, and how long the whole cell took. Afterwards one version served, status and history told the
truth, nothing was left over, and the second deploy worked and lost no request; otherwise there is a ✘.

A run whose agent was killed is brought to an end by the next deploy: \`killed, then reverted\` or \`killed, then deployed\`.
Requests may fail where the fault itself stops what answers them: dockerd restarted, the proxy killed, or the container killed
that serves at that moment; and in the worlds "adoption" and "first", in which nobody answers for a while anyhow. \`${nothingToKill}\` stands
where there is nothing to kill yet, or any more, and \`${notRun}\` where a cell waits to be measured.

${renderMatrix(rows, cells)}

When the host loses its power at that step, what is committed serves as soon as it is back (until an adoption has ended, perhaps
the version before it), and the next deploy brings the run to an end:

${renderReboots(rows, cells)}
`
