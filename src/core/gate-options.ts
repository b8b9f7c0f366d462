import { InputError } from "./errors.ts"
import { familiarName, parseReference } from "./reference.ts"
import { shown } from "./text.ts"

const severities = ["negligible", "low", "medium", "high", "critical"]

/** The severity from which on a vulnerability is too much. */
export function parseThreshold(text: string, path: string): string {
  if (severities.includes(text)) return text
  throw new InputError(path, `${shown(text)} is not a severity`, `use ${severities.join(", ")}`)
}

/** An image with its digest: a signature of a tag would hold for whatever the tag points to later. */
export function parseSignable(text: string): { repository: string; digest: string } {
  const { registry, path, digest } = parseReference(text, "reference")
  if (digest !== undefined) return { repository: familiarName({ registry, path }), digest }
  throw new InputError(
    "reference",
    `${shown(text)} has no digest`,
    "give it as publish prints it, with @sha256:…",
  )
}

const sbomFormats = ["spdx-json", "cyclonedx-json", "syft-json"]

/** A form of the list of what is in an image. */
export function parseSbomFormat(text: string): string {
  if (sbomFormats.includes(text)) return text
  throw new InputError(
    "format",
    `${shown(text)} is not a form that there is`,
    `use ${sbomFormats.join(", ")}`,
  )
}
