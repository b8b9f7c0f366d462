import { InputError } from "./errors.ts"
import { committedRun, type HostState, type Run } from "./host-state.ts"

/**
 * The release that a rollback goes to: the one asked for, else the last one before the current that was another image.
 *
 * @throws InputError with the releases that there are.
 */
export function rollbackTarget(state: HostState, release?: number): Run {
  const current = committedRun(state)
  const deployed = state.runs.filter(({ verdict }) => verdict === "deployed")
  const list = deployed.map((run) => `${run.release} (${run.tag})`).join(", ") || "none"
  const found =
    release === undefined
      ? deployed
          .filter((run) => run.release < (current?.release ?? 0) && run.digest !== current?.digest)
          .at(-1)
      : deployed.find((run) => run.release === release)
  if (found !== undefined) return found
  const problem =
    release === undefined
      ? "there is no earlier release to go back to"
      : `there is no deployed release ${release}`
  throw new InputError("release", problem, `releases on this host: ${list}`)
}
