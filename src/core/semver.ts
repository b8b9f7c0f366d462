/** A version by semver.org, version 2.0.0, with the `v` in front that git tags have. */
export interface Semver {
  /** As it was given. */
  raw: string
  /** Without the v and without build metadata: `1.4.2-rc.1`. */
  version: string
  major: string
  minor: string
  patch: string
  /** `rc.1`; absent for a release. */
  preRelease?: string
  /** `build.5`; absent when there is none. */
  build?: string
}

const number = "0|[1-9]\\d*"
// A pre-release identifier of digits alone is a number, and has no leading zero; one of build metadata may have any.
const preReleaseId = `(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`
const buildId = "[0-9A-Za-z-]+"
const pattern = new RegExp(
  `^v?((${number})\\.(${number})\\.(${number})(?:-(${preReleaseId}(?:\\.${preReleaseId})*))?)` +
    `(?:\\+(${buildId}(?:\\.${buildId})*))?$`,
)

/** Reads a version; undefined when it is none. */
export function parseSemver(raw: string): Semver | undefined {
  const [, version, major, minor, patch, preRelease, build] = pattern.exec(raw) ?? []
  if (version === undefined || major === undefined || minor === undefined || patch === undefined)
    return undefined
  return {
    ...{ raw, version, major, minor, patch },
    ...(preRelease === undefined ? {} : { preRelease }),
    ...(build === undefined ? {} : { build }),
  }
}
