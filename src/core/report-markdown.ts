import { formatDuration } from "./duration.ts"
import { type DeployReport, facts, headline, type ReportStep } from "./report.ts"
import { oneLine } from "./text.ts"

/**
 * The report as GitHub Markdown, for a job summary: what happened, the facts, a table of the steps.
 *
 * Whatever comes from outside (names, sentences, log lines) is escaped: it shows as it is and can make no link,
 * image, mention, table cell or HTML.
 */
export function renderMarkdown(report: DeployReport): string {
  const blocks = [
    `### ${mark(report)} ${escapeText(headline(report))}`,
    table(["", ""], facts(report)),
    table(["Step", "Took", ""], report.steps.map(stepRow)),
    (report.warnings ?? []).map((warning) => `> ⚠️ ${escapeText(warning)}`).join("\n>\n"),
    report.undone.length > 0
      ? ["Undone:", "", ...report.undone.map((it) => `- ${escapeText(it)}`)].join("\n")
      : "",
    report.logTail?.length ? `Last log lines:\n\n${codeBlock(report.logTail)}` : "",
  ]
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`
}

function mark({ verdict }: DeployReport): string {
  return {
    deployed: "✅",
    unchanged: "✅",
    skipped: "⏭️",
    "rolled-back": "✅",
    reverted: "↩️",
    failed: "❌",
    refused: "⛔",
  }[verdict]
}

function stepRow({ sentence, ms, outcome }: ReportStep): string[] {
  return [sentence, formatDuration(ms), outcome]
}

function table(header: string[], rows: string[][]): string {
  if (rows.length === 0) return ""
  const line = (cells: string[]) => `| ${cells.map(escapeText).join(" | ")} |`
  return [line(header), `|${" --- |".repeat(header.length)}`, ...rows.map(line)].join("\n")
}

/**
 * Text that Markdown shows letter by letter. A backslash escapes punctuation; `@` and `#` get an invisible word
 * joiner behind them, since GitHub links mentions and issues even when escaped, and so do `:` and `.` of addresses.
 */
function escapeText(text: string): string {
  return oneLine(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/[\\`*_{}[\]()>#+!|~$-]/g, "\\$&")
    .replace(/@(?=\w)/g, "@\u2060")
    .replace(/\\#(?=\d)/g, "\\#\u2060")
    .replace(/:(?=\/\/)/g, ":\u2060")
    .replace(/\bwww\./gi, "$&\u2060")
}

/** A fenced block whose fence is longer than any run of backticks in it. */
function codeBlock(lines: readonly string[]): string {
  const content = lines.map(oneLine)
  const longest = Math.max(
    2,
    ...content.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)),
  )
  const fence = "`".repeat(longest + 1)
  return [`${fence}text`, ...content, fence].join("\n")
}
