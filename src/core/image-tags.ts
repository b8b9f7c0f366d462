import { InputError } from "./errors.ts"
import type { RuleFacts } from "./rule-facts.ts"
import { applyTagRules, type RuledTags } from "./rule-tags.ts"
import { parseTagFlavor } from "./tag-flavor.ts"
import { parseTagRules } from "./tag-rules.ts"
import { branchName, parseCommit, planTags, tagName } from "./tags.ts"

/** What the caller tells about a build, and which tags the image is to get; empty texts were not given. */
export interface TagRequest {
  commit: string
  branch: string
  gitTag: string
  pullRequest?: number
  baseBranch: string
  defaultBranch: string
  scheduled: boolean
  /** Milliseconds since 1970. */
  time: number
  commitTime?: number
  /** Tags that the caller asks for, taken as they are. */
  tags: readonly string[]
  /** Rules, one a line; without them the tags are those of `planTags`. */
  tagRules: string
  tagFlavor: string
}

/**
 * The tags of an image, each once: by the rules where there are some, else the usual ones, and then the caller's own.
 *
 * @returns No tag at all only when nothing is known about the source.
 * @throws InputError with the option, or the rule, that is wrong.
 */
export function planImageTags(request: TagRequest): RuledTags {
  const { commit, branch, gitTag: tag, pullRequest, tags: extra, tagRules, tagFlavor } = request
  checkEvent(request)
  if (tagRules.trim() === "") {
    if (tagFlavor.trim() !== "")
      throw new InputError("tagFlavor", "there is a flavor without rules", "give --tag-rules too")
    return { tags: planTags({ commit, branch, tag, extra, ...maybe({ pullRequest }) }), notes: [] }
  }
  const own = planTags({ extra })
  const ruled = applyTagRules(parseTagRules(tagRules), ruleFacts(request), parseTagFlavor(tagFlavor))
  if (ruled.tags.length === 0 && own.length === 0) {
    const why = ruled.notes.length > 0 ? `: ${ruled.notes.join("; ")}` : ""
    throw new InputError(
      "tagRules",
      `none of the rules gives a tag for this build${why}`,
      "say more about the build (--branch, --git-tag, --pull-request, --scheduled), or add type=sha",
    )
  }
  return { tags: [...new Set([...ruled.tags, ...own])], notes: ruled.notes }
}

function checkEvent({ pullRequest, gitTag }: TagRequest): void {
  if (pullRequest === undefined) return
  if (!Number.isInteger(pullRequest) || pullRequest < 1)
    throw new InputError("pullRequest", `${pullRequest} is not the number of one`, "give it as in its URL")
  if (gitTag === "") return
  throw new InputError("pullRequest", "it is given together with a git tag", "a build has one of the two")
}

function ruleFacts(request: TagRequest): RuleFacts {
  const { commit, branch, gitTag, pullRequest, baseBranch, defaultBranch, scheduled, time, commitTime } =
    request
  return {
    ...{ scheduled, time },
    ...maybe({ commit: commit && parseCommit(commit), baseBranch, defaultBranch, pullRequest, commitTime }),
    // A pull request is no build of the branch that it comes from, which may be anybody's `main`.
    ...maybe({ branch: pullRequest === undefined ? branchName(branch) : "" }),
    ...maybe({ tag: tagName(gitTag) }),
  }
}

/** Leaves out what was not given. */
function maybe<T extends Record<string, unknown>>(given: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const there = Object.entries(given).filter(([, value]) => value !== undefined && value !== "")
  return Object.fromEntries(there) as { [K in keyof T]?: NonNullable<T[K]> }
}
