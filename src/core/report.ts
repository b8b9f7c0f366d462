import { formatDuration } from "./duration.ts"
import { oneLine } from "./text.ts"

/** How a deploy or rollback ended. */
export type Verdict =
  /** The new release serves. */
  | "deployed"
  /** What was asked for already runs; nothing was done. */
  | "unchanged"
  /** A newer commit serves; nothing was done. */
  | "skipped"
  /** The new release failed and the old one serves again. */
  | "reverted"
  /** It failed and could not put everything back. */
  | "failed"
  /** Refused before anything was changed. */
  | "refused"
  /** An earlier release serves again, as asked. */
  | "rolled-back"

/** One step as it went. */
export interface ReportStep {
  /** What the step does, the same sentence as in the plan. */
  sentence: string
  ms: number
  outcome: "done" | "failed" | "undone" | "skipped"
}

/** What the proxy counted from the switch to the end of the soak. */
export interface Traffic {
  requests: number
  failed: number
  /** Connections still open at the drain deadline, and closed by us. */
  cut: number
  /** Longest response time in milliseconds, where known. */
  longestMs?: number
}

/** Milliseconds of each phase; a phase that did not happen is left out. */
export interface Timings {
  build?: number
  smoke?: number
  scan?: number
  publish?: number
  read?: number
  /** For another rollout that held the lock. */
  wait?: number
  apply?: number
}

/** The phases in the order in which they happen. */
const phases = ["build", "smoke", "scan", "publish", "read", "wait", "apply"] as const

/** Everything a deploy tells when it ends. Plain data; the renderers below are the ways to read it. */
export interface DeployReport {
  verdict: Verdict
  /** `user@name[:port]`. */
  host: string
  /** Compose project. */
  project: string
  /** Number of the release on the host; absent when none was made. */
  release?: number
  /** Image with its repository, without tag and digest. */
  image?: string
  digest?: string
  tags: string[]
  /** Further repositories that have the same image with the same tags. */
  also?: string[]
  services: string[]
  /** How the image was built, and what came from the build cache, a sentence each. */
  build?: string[]
  steps: ReportStep[]
  traffic?: Traffic
  /** What the caller should know although it went well. */
  warnings?: string[]
  /** What was put back, newest first. */
  undone: string[]
  /** Why it did not succeed, or why nothing was done. */
  reason?: string
  /** The last lines that the failed container printed. */
  logTail?: string[]
  /** ISO 8601, by the host's clock. */
  startedAt?: string
  totalMs: number
  timings: Timings
}

/** The report as stable, indented JSON. */
export function renderJson(report: DeployReport): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/** One sentence that says how it ended, for the first line of every form. */
export function headline(report: DeployReport): string {
  const { verdict, host, project, services, release } = report
  const what = services.length > 0 ? `${project} (${services.join(", ")})` : project
  const numbered = release === undefined ? "" : ` as release ${release}`
  const sentences: Record<Verdict, string> = {
    deployed: `Deployed ${what} to ${host}${numbered}.`,
    unchanged: `${what} on ${host} already runs this version: nothing to do.`,
    skipped: `${what} on ${host} serves a newer commit: nothing was done.`,
    reverted: `${what} on ${host} was reverted: the version from before serves.`,
    failed: `The deploy of ${what} to ${host} failed and needs a look.`,
    refused: `The deploy of ${what} to ${host} was refused: nothing was changed.`,
    "rolled-back": `Rolled ${what} on ${host} back${release === undefined ? "" : ` to release ${release}`}.`,
  }
  return sentences[verdict]
}

/** The facts beside the steps, as label and value, in the order of all forms. */
export function facts(report: DeployReport): [label: string, value: string][] {
  const { reason, image, also, tags, digest, build, traffic, startedAt, totalMs, timings } = report
  const measured = phases.flatMap((phase) => {
    const ms = timings[phase]
    return ms === undefined ? [] : [`${phase} ${formatDuration(ms)}`]
  })
  const rows: [string, string | undefined][] = [
    ["Reason", reason],
    ["Image", image],
    ["Also in", also?.join(", ")],
    ["Tags", tags.join(", ")],
    ["Digest", digest],
    ["Build", build?.join("; ")],
    ["Traffic", traffic && describeTraffic(traffic)],
    ["Started", startedAt],
    ["Time", [formatDuration(totalMs), measured.join(", ")].filter(Boolean).join(": ")],
  ]
  return rows.flatMap(([label, value]) => (value ? [[label, value] as [string, string]] : []))
}

function describeTraffic({ requests, failed, cut, longestMs }: Traffic): string {
  const longest = longestMs === undefined ? [] : [`longest ${formatDuration(longestMs)}`]
  return [`${requests} requests`, `${failed} failed`, `${cut} connections cut`, ...longest].join(", ")
}

/** The report for a terminal: no colours, no control characters of others, one line for each step. */
export function renderText(report: DeployReport): string {
  const marks = { done: "✓", failed: "✗", undone: "↩", skipped: "-" }
  const width = Math.max(0, ...report.steps.map(({ ms }) => formatDuration(ms).length))
  const lines = [
    headline(report),
    ...facts(report).map(([label, value]) => `  ${label.padEnd(8)} ${value}`),
    ...report.steps.map(({ outcome, ms, sentence }) => {
      return `  ${marks[outcome]} ${formatDuration(ms).padStart(width)}  ${sentence}`
    }),
    ...(report.warnings ?? []).map((warning) => `  ! ${warning}`),
    ...report.undone.map((sentence) => `  undone: ${sentence}`),
    ...(report.logTail?.length
      ? ["  last log lines:", ...report.logTail.map((line) => `    | ${line}`)]
      : []),
  ]
  return `${lines.map(oneLine).join("\n")}\n`
}
