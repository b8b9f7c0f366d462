import { formatDuration } from "./duration.ts"
import { committedRun, type HostState, type Run } from "./host-state.ts"

import { isContainerOf, proxyOf } from "./ports.ts"

/** What serves on a host now, for people. */
export function renderStatus(host: string, state: HostState): string {
  const { config, directory, lock, maintenance } = state
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
    ...(maintenance === undefined ? [] : [`locked    ${maintenance}`]),
    ...underWay(state),
  ]
  for (const service of Object.keys(config?.services ?? {})) {
    const own = state.containers.filter((container) => isContainerOf(container, project, service))
    const shown = own
      .map(({ name, state, release }) => `${name} ${state}${release ? ` (release ${release})` : ""}`)
      .join(", ")
    lines.push(`${service.padEnd(9)} ${shown || "not running"}`)
  }
  const ahead = schemaAhead(state)
  if (ahead !== undefined)
    lines.push(
      `schema    the migration of release ${ahead.release} ran, and that release does not serve: the schema may be ahead`,
    )
  return `${lines.join("\n")}\n`
}

/** The step at which an unfinished run is, or at which it was interrupted. */
function underWay({ runs, lock }: HostState): string[] {
  return runs
    .filter(({ verdict }) => verdict === "unfinished")
    .map(({ release, step }) =>
      lock === undefined
        ? `stopped   release ${release} was interrupted at: ${step}; the next deploy or recover brings it to an end`
        : `running   release ${release}: ${step}`,
    )
}

/** The last run whose migration was begun, when what serves is older. */
function schemaAhead({ runs, current = 0 }: HostState): Run | undefined {
  return runs.findLast(
    ({ release, migrated, verdict }) => migrated && release > current && verdict !== "deployed",
  )
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
