import { formatDuration } from "./duration.ts"
import { DeployError } from "./errors.ts"
import { explainPush, message } from "./image-error.ts"
import { isPassing, registryAnswer } from "./registry-answer.ts"

/** What became of a push that was given up. */
export interface GivenUp {
  /** The push itself, or the look at what the registry has after it. */
  what: "push" | "check"
  /** Repository with tag. */
  name: string
  repository: string
  tries: number
  /** Milliseconds from the first try to the last. */
  ms: number
}

/**
 * Why a push did not succeed, and what is in the registry all the same.
 *
 * @param pushed The names that had been pushed before.
 */
export function explainGivenUp(error: unknown, given: GivenUp, pushed: readonly string[]): Error {
  const there = pushed.length > 0 ? `pushed before: ${pushed.join(", ")}` : "nothing was pushed"
  if (isPassing(message(error))) {
    const { what, name, tries, ms } = given
    const how = tries > 1 ? `failed ${tries} times in ${formatDuration(ms)}` : "failed"
    return new DeployError(
      `the ${what} of ${name} ${how}, the last time with ${registryAnswer(message(error))}`,
      {
        hint: `the registry has trouble: try again later, or be more patient with --push-patience; ${there}`,
      },
    )
  }
  const refused = explainPush(error, given.repository)
  if (pushed.length === 0) return refused
  return new DeployError(`${refused.path}: ${refused.problem}`, { hint: `${refused.hint}; ${there}` })
}
