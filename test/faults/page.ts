import type { Result } from "./cell.ts"
import { applies, type Fault, faults, type Row, rowName } from "./rows.ts"

/** What came of each cell, by {@link cellName}. */
export type Results = ReadonlyMap<string, Result>

export const cellName = (row: Row, fault: Fault) => `${rowName(row)} × ${fault}`

/** There is nothing to kill at that moment. */
const nothingToKill = "–"

/** The matrix as a table: what is disturbed × how. */
export function renderMatrix(rows: readonly Row[], results: Results): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const cell = (row: Row, fault: Fault) => {
    if (!applies(fault, row)) return nothingToKill
    const result = results.get(cellName(row, fault))
    return result === undefined ? "not run" : renderResult(result)
  }
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

/** docs/faults.md: the matrix of a full run, and how to read it. */
export const renderPage = (rows: readonly Row[], results: Results, when: string) => `# What a deploy survives

Written by \`npm run faults:page\` on ${when}: each cell is a deploy on a real host under 100 requests a second that was
disturbed at that step, and a second one after it. A cell says how many requests failed of those sent until the disturbed
deploy was over, how it ended, and how long the whole cell took. Afterwards one version served, status and history told the
truth, nothing was left over, and the second deploy worked and lost no request; otherwise there is a ✘.

A run whose agent was killed is brought to an end by the next deploy: \`killed, then reverted\` or \`killed, then deployed\`.
Requests may fail where the fault itself stops what answers them: dockerd restarted, the proxy killed, or the container killed
that serves at that moment; and in the worlds "adoption" and "first", in which nobody answers for a while anyhow. \`${nothingToKill}\` stands
where there is nothing to kill yet, or any more.

${renderMatrix(rows, results)}
`
