/** A version of a Python package, by PEP 440. */
export interface Pep440 {
  /** As it was given. */
  raw: string
  /** In the normal form: `1.2.3rc2`, `1.2.3.post1`, `1!2.0+local.7`. */
  version: string
  major: string
  minor: string
  patch: string
  /** Whether it is neither a pre-, post- nor development release. */
  final: boolean
}

// Appendix B of PEP 440. The many spellings are all allowed on input; the normal form has one for each.
const pattern =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?([-_.]?dev[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/

const phases: Readonly<Record<string, string>> = {
  alpha: "a",
  a: "a",
  beta: "b",
  b: "b",
  preview: "rc",
  pre: "rc",
  c: "rc",
  rc: "rc",
}

/** Reads a version; undefined when it is none. */
export function parsePep440(raw: string): Pep440 | undefined {
  const text = raw.trim().toLowerCase()
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, epoch, release = "", phase, phaseNumber, implicit, keyword, postNumber, dev, devNumber, local] =
    match
  const numbers = release.split(".").map(plain)
  // `1.0-1` is a post release too.
  const post = implicit ?? (keyword === undefined ? undefined : (postNumber ?? "0"))
  const parts = [
    epoch === undefined || plain(epoch) === "0" ? "" : `${plain(epoch)}!`,
    numbers.join("."),
    phase === undefined ? "" : `${phases[phase]}${plain(phaseNumber)}`,
    post === undefined ? "" : `.post${plain(post)}`,
    dev === undefined ? "" : `.dev${plain(devNumber)}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(localPart).join(".")}`,
  ]
  const [major = "0", minor = "0", patch = "0"] = numbers
  const final = phase === undefined && post === undefined && dev === undefined
  return { raw, version: parts.join(""), major, minor, patch, final }
}

/** A number without leading zeros; 0 for none. */
const plain = (digits = "0") => digits.replace(/^0+(?=\d)/, "")

const localPart = (part: string) => (/^\d+$/.test(part) ? plain(part) : part)
