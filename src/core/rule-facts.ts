import { formatDate } from "./date-format.ts"
import { InputError } from "./errors.ts"
import type { Arguments, Expressions } from "./template.ts"

/** What the rules are asked about. A pull request is no build of a branch. */
export interface RuleFacts {
  /** Full commit id. */
  commit?: string
  branch?: string
  /** Git tag. */
  tag?: string
  /** Number of the pull request. */
  pullRequest?: number
  /** Branch that the pull request asks to be merged into. */
  baseBranch?: string
  defaultBranch?: string
  /** Whether a schedule, not a change, asked for the image. */
  scheduled: boolean
  /** Milliseconds since 1970. */
  time: number
  /** The same of the commit, where known. */
  commitTime?: number
}

/** The names that stand for facts everywhere in a rule. */
export function expressions(facts: RuleFacts, path: string): Expressions {
  const { branch = "", tag = "", baseBranch = "", time, commitTime = time } = facts
  const rule = { path }
  const date = (at: number) => (given: Arguments) =>
    formatDate(at, given.text ?? "YYYY-MM-DDTHH:mm:ssZ", given.named.tz ?? "UTC", path)
  return {
    branch: () => branch,
    tag: () => tag,
    sha: () => short(needed(facts.commit, rule, "--commit")),
    base_ref: () => baseBranch,
    is_default_branch: () =>
      String(needed(facts.defaultBranch, rule, "--default-branch main") === facts.branch),
    date: date(time),
    commit_date: date(commitTime),
  }
}

/** A fact that the rule cannot do without: guessed, it would give a tag that is missing one day. */
export function needed(fact: string | undefined, { path }: { path: string }, option: string): string {
  if (fact !== undefined && fact !== "") return fact
  throw new InputError(path, "needs what the call does not tell", `add ${option}`)
}

/** As git abbreviates it, at least. */
export const short = (commit: string) => commit.slice(0, 7)
