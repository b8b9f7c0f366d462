import { InputError } from "./errors.ts"
import { parseTag } from "./reference.ts"
import { shown } from "./text.ts"

/** What is known about the source of an image. */
export interface TagFacts {
  /** Full or abbreviated commit id, hex. */
  commit?: string
  /** Branch name, with or without `refs/heads/`. */
  branch?: string
  /** Git tag, with or without `refs/tags/`. */
  tag?: string
  /** Tags that the caller asks for, taken as they are. */
  extra?: readonly string[]
}

/** Semantic version with an optional v: major, minor, patch, pre-release; build metadata is matched apart. */
const semver = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(\+[0-9A-Za-z.-]+)?$/

/**
 * The tags that one image gets, the most specific first, each once.
 *
 * - commit: `sha-` and its first 12 digits, so that a tag made of digits alone is never read as a version;
 * - branch: its name, made a tag by {@link branchTag};
 * - git tag `v1.4.2`: `1.4.2`, `1.4`, `1` and `latest`. A pre-release gets only itself: nobody who follows `1.4`
 *   or `latest` asked for it. For the same reason `0.x` gets no `0`: there minor versions break. A git tag that
 *   is no version becomes a tag of the same name;
 * - the caller's own.
 *
 * @throws InputError when the commit is not one, or one of the caller's own is not a tag.
 */
export function planTags({ commit, branch, tag, extra = [] }: TagFacts): string[] {
  const tags = [
    ...(commit ? [commitTag(commit)] : []),
    ...(branch ? [branchTag(branch)] : []),
    ...(tag ? gitTagTags(tag) : []),
    ...extra.map((own, index) => parseTag(own, `tags[${index}]`)),
  ]
  return [...new Set(tags)]
}

/** The tag of a commit: `sha-` and the first 12 digits of its id. @throws InputError when it is not one. */
function commitTag(commit: string): string {
  if (!/^[0-9a-f]{7,64}$/i.test(commit)) {
    throw new InputError(
      "commit",
      `${shown(commit)} is not a commit id`,
      "give 7 to 64 hex digits, as git rev-parse HEAD",
    )
  }
  return `sha-${commit.slice(0, 12).toLowerCase()}`
}

/**
 * A branch name as a tag: each run of characters that a tag may not have becomes one `-`, `feature/login` is
 * `feature-login`. Branches of outsiders reach this function, so whatever comes in, a tag comes out.
 */
export function branchTag(branch: string): string {
  const clean = branch
    .replace(/^refs\/heads\//, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128)
    .replace(/[.-]+$/, "")
  return clean || "branch"
}

function gitTagTags(tag: string): string[] {
  const name = tag.replace(/^refs\/tags\//, "")
  const [, major, minor, patch, preRelease, build = ""] = semver.exec(name) ?? []
  if (major === undefined) return [branchTag(name)]
  if (preRelease !== undefined)
    return [parseTag(`${major}.${minor}.${patch}-${preRelease}${metadata(build)}`, "tag")]
  const exact = parseTag(`${major}.${minor}.${patch}${metadata(build)}`, "tag")
  return [exact, `${major}.${minor}`, ...(major === "0" ? [] : [major]), "latest"]
}

/** Build metadata starts with a plus, which a tag may not have. */
function metadata(build: string): string {
  return build.replace("+", "_")
}
