import { formatDuration } from "./duration.ts"
import { committedRun, type HostState, type Run } from "./host-state.ts"

import { isContainerOf, proxyOf } from "./ports.ts"

/** What serves on a host now, for people. */
export function renderStatus(host: string, state: HostState): string {
  const { config, directory, lock } = state
  const project = config?.name ?? "?"
  const run = committedRun(state)
  const proxy = proxyOf(state, project)
  const lines = [
    `host      ${host}`,
    `project   ${project} in ${directory}`,
    run === undefined
      ? "release   none: nothing was deployed by Seamless"
      : `release   ${run.release}: ${run.repository}:${run.tag} ${run.digest}`,
    ...(run === undefined
      ? []
      : [`deployed  ${run.at} by ${run.by}${run.commit === "" ? "" : `, commit ${run.commit}`}`]),
    `proxy     ${proxy === undefined ? "none" : `${proxy.name} ${proxy.state}`}`,
    `lock      ${lock === undefined ? "free" : `held: ${lock}`}`,
  ]
  for (const service of Object.keys(config?.services ?? {})) {
    const own = state.containers.filter((container) => isContainerOf(container, project, service))
    const shown = own
      .map(({ name, state, release }) => `${name} ${state}${release ? ` (release ${release})` : ""}`)
      .join(", ")
    lines.push(`${service.padEnd(9)} ${shown || "not running"}`)
  }
  const unfinished = state.runs.filter(({ verdict }) => verdict === "unfinished")
  if (unfinished.length > 0 && lock === undefined)
    lines.push("an earlier rollout was interrupted; the next one brings it to an end first")
  return `${lines.join("\n")}\n`
}

/** The rollouts of a host, newest first, for people. */
export function renderHistory(state: HostState): string {
  if (state.runs.length === 0) return "nothing was deployed by Seamless\n"
  return [...state.runs]
    .reverse()
    .map((run) => `${historyLine(run, state.current)}\n`)
    .join("")
}

function historyLine(run: Run, current: number | undefined): string {
  const mark = run.release === current && run.verdict === "deployed" ? "*" : " "
  const facts = [
    run.at,
    formatDuration(run.ms),
    `${run.repository}:${run.tag}`,
    run.digest.slice(0, 19),
    `by ${run.by || "?"}`,
  ]
  const reason = run.reason === "" ? "" : `: ${run.reason}`
  return `${mark} ${String(run.release).padStart(4)}  ${run.kind} ${run.verdict}  ${facts.join("  ")}${reason}`
}
