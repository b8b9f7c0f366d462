import { InputError } from "./errors.ts"
import { keyAndValue, ruleLines, splitFields } from "./rule-lines.ts"
import { shown } from "./text.ts"

/** What holds for all tags of a list of rules. */
export interface TagFlavor {
  /** Whether there is a tag `latest`; auto: as the rule of the first tag says. */
  latest: "auto" | "true" | "false"
  prefix: string
  suffix: string
  /** Whether `latest` gets the prefix and the suffix too. */
  prefixOnLatest: boolean
  suffixOnLatest: boolean
}

/**
 * Reads a flavor, one setting a line: `latest=auto`, `prefix=web-`, `suffix=-alpine,onlatest=true`.
 *
 * @throws InputError with `tagFlavor[i]`.
 */
export function parseTagFlavor(text: string): TagFlavor {
  let flavor: TagFlavor = {
    latest: "auto",
    prefix: "",
    suffix: "",
    prefixOnLatest: false,
    suffixOnLatest: false,
  }
  ruleLines(text).forEach((line, index) => {
    const path = `tagFlavor[${index}]`
    const fields = splitFields(line, path).map(keyAndValue)
    flavor = { ...flavor, ...readSetting(fields, line, path) }
  })
  return flavor
}

function readSetting(
  [[name, value] = [undefined, ""], ...more]: [string | undefined, string][],
  line: string,
  path: string,
): Partial<TagFlavor> {
  const on = onLatest(more)
  if (name === "latest" && more.length === 0 && /^(auto|true|false)$/.test(value))
    return { latest: value as TagFlavor["latest"] }
  if (name === "prefix" && on !== undefined) return { prefix: value, prefixOnLatest: on }
  if (name === "suffix" && on !== undefined) return { suffix: value, suffixOnLatest: on }
  throw new InputError(
    path,
    `${shown(line)} is no setting`,
    "write latest=auto, latest=true or latest=false, prefix=… or suffix=…, each of these two with ,onlatest=true when wanted",
  )
}

/** Undefined when there is something else behind the comma. */
function onLatest(more: [string | undefined, string][]): boolean | undefined {
  if (more.length === 0) return false
  const [[name, value] = []] = more
  if (more.length > 1 || name !== "onlatest" || !/^(true|false)$/.test(value ?? "")) return undefined
  return value === "true"
}
