import { formatDate } from "./date-format.ts"
import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

/** What is known about an image when it is published; empty texts are not known. */
export interface LabelFacts {
  commit: string
  /** Seconds since 1970. */
  commitTime?: number
  /** What people call this version. */
  version: string
  /** Address of the source's repository. */
  sourceUrl: string
  /** Of the caller, as `NAME=value`: they win. */
  labels: readonly string[]
  annotations: readonly string[]
}

/** Names with their values. */
export type Labels = ReadonlyMap<string, string>

export interface PlannedLabels {
  labels: Labels
  annotations: Labels
}

/**
 * What stays the same when the same source is published from another commit. The commit and its time do not: an image that
 * is in the registry keeps those of the commit that it was built from.
 */
export function lastingLabels({ labels, annotations }: PlannedLabels): [string, string][] {
  const ofCommit = ["revision", "created"].map((name) => `org.opencontainers.image.${name}`)
  return [...labels, ...annotations].filter(([name]) => !ofCommit.includes(name))
}

/**
 * Labels and annotations by the OCI image specification, from what is known about the source:
 * https://github.com/opencontainers/image-spec/blob/main/annotations.md
 *
 * Nothing here depends on when or where the image is published: `created` is the time of the commit, so that the same
 * commit, published twice, is the same image.
 */
export function planLabels(facts: LabelFacts): PlannedLabels {
  const known = knownLabels(facts)
  const own = (texts: readonly string[], path: string) =>
    texts.map((text, index) => parseLabel(text, `${path}[${index}]`))
  return {
    labels: new Map([...known, ...own(facts.labels, "labels")]),
    annotations: new Map([...known, ...own(facts.annotations, "annotations")]),
  }
}

function knownLabels({ commit, commitTime, version, sourceUrl }: LabelFacts): [string, string][] {
  const created =
    commitTime === undefined
      ? ""
      : formatDate(commitTime * 1000, "YYYY-MM-DDTHH:mm:ss[Z]", "UTC", "commitTime")
  const url = parseSourceUrl(sourceUrl)
  const all: [string, string][] = [
    ["revision", commit.toLowerCase()],
    ["created", created],
    ["version", version],
    ["source", url],
    ["url", url],
  ]
  return all.flatMap(([name, value]) =>
    value === "" ? [] : [[`org.opencontainers.image.${name}`, value] as [string, string]],
  )
}

function parseLabel(text: string, path: string): [string, string] {
  const [, name, value] = /^([^\s=]+)=([\s\S]*)$/.exec(text) ?? []
  if (name !== undefined && value !== undefined && !text.includes("\0")) return [name, value]
  throw new InputError(
    path,
    `${shown(text)} is not NAME=value`,
    "write it so; on a command line a value with a comma needs quotes of its own: '\"NAME=a, b\"'",
  )
}

/** A user and password in an address would be for everybody to read. */
function parseSourceUrl(text: string): string {
  if (text === "" || /^https?:\/\/[^\s@]+$/.test(text)) return text
  throw new InputError(
    "sourceUrl",
    `${/@/.test(text) ? "it has a user in it" : `${shown(text)} is not an address`}`,
    "give it as https://github.com/acme/web",
  )
}
