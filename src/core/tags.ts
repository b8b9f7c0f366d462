import { InputError } from "./errors.ts"
import { parseTag } from "./reference.ts"
import { parseSemver } from "./semver.ts"
import { shown } from "./text.ts"

/** What is known about the source of an image. */
export interface TagFacts {
  /** Full or abbreviated commit id, hex. */
  commit?: string
  /** Branch name, with or without `refs/heads/`. */
  branch?: string
  /** Git tag, with or without `refs/tags/`. */
  tag?: string
  /** Number of the pull request that asks for the branch to be merged. */
  pullRequest?: number
  /** Tags that the caller asks for, taken as they are. */
  extra?: readonly string[]
}

/**
 * The tags that one image gets, the most specific first, each once.
 *
 * - commit: `sha-` and its first 12 digits, so that a tag made of digits alone is never read as a version;
 * - branch: its name, made a tag by {@link branchTag}; of a pull request `pr-` and its number instead, since everybody
 *   may choose the name of a branch;
 * - git tag `v1.4.2`: `1.4.2`, `1.4`, `1` and `latest`. A pre-release gets only itself: nobody who follows `1.4`
 *   or `latest` asked for it. For the same reason `0.x` gets no `0`: there minor versions break. A git tag that
 *   is no version becomes a tag of the same name;
 * - the caller's own.
 *
 * @throws InputError when the commit is not one, or one of the caller's own is not a tag.
 */
export function planTags({ commit, branch, tag, pullRequest, extra = [] }: TagFacts): string[] {
  const tags = [
    ...(commit ? [commitTag(commit)] : []),
    ...(pullRequest === undefined ? (branch ? [branchTag(branch)] : []) : [`pr-${pullRequest}`]),
    ...(tag ? gitTagTags(tag) : []),
    ...extra.map((own, index) => parseTag(own, `tags[${index}]`)),
  ]
  return [...new Set(tags)]
}

/** The tag of a commit: `sha-` and the first 12 digits of its id. @throws InputError when it is not one. */
function commitTag(commit: string): string {
  return `sha-${parseCommit(commit).slice(0, 12)}`
}

/** A commit id in lower case. @throws InputError when it is not one. */
export function parseCommit(commit: string): string {
  if (!/^[0-9a-f]{7,64}$/i.test(commit)) {
    throw new InputError(
      "commit",
      `${shown(commit)} is not a commit id`,
      "give 7 to 64 hex digits, as git rev-parse HEAD",
    )
  }
  return commit.toLowerCase()
}

/** A git tag without `refs/tags/`. */
export const tagName = (gitTag: string): string => gitTag.replace(/^refs\/tags\//, "")

/** A branch without `refs/heads/`. */
export const branchName = (branch: string): string => branch.replace(/^refs\/heads\//, "")

/**
 * A branch name as a tag: each run of characters that a tag may not have becomes one `-`, `feature/login` is
 * `feature-login`. Branches of outsiders reach this function, so whatever comes in, a tag comes out.
 */
export function branchTag(branch: string): string {
  const clean = branchName(branch)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128)
    .replace(/[.-]+$/, "")
  return clean || "branch"
}

function gitTagTags(tag: string): string[] {
  const name = tagName(tag)
  const found = parseSemver(name)
  if (found === undefined) return [branchTag(name)]
  const { version, major, minor, preRelease, build } = found
  // Build metadata starts with a plus, which a tag may not have.
  const exact = parseTag(build === undefined ? version : `${version}_${build}`, "tag")
  if (preRelease !== undefined) return [exact]
  return [exact, `${major}.${minor}`, ...(major === "0" ? [] : [major]), "latest"]
}
