// Rules that say which tags an image gets, in the notation that docker/metadata-action documents, so that a list from a
// workflow can be used as it is: one rule a line, `type=semver,pattern={{version}}`; a bare word is a tag. What that
// action lets pass in silence (an attribute that no rule has) is an error here.
import { InputError } from "./errors.ts"
import { keyAndValue, ruleLines, splitFields } from "./rule-lines.ts"
import { shown } from "./text.ts"

/** One rule, checked as far as it can be without knowing the commit. */
export interface TagRule {
  /** `tagRules[2]` */
  path: string
  type: RuleType
  priority: number
  /** Those given, and the defaults of the type. */
  attributes: Readonly<Record<string, string>>
}

export type RuleType = "schedule" | "semver" | "pep440" | "match" | "edge" | "ref" | "raw" | "sha"

interface Kind {
  /** The higher, the earlier in the list of tags. */
  priority: number
  /** Attributes with their defaults; those without one must be given. */
  attributes: Readonly<Record<string, string | undefined>>
}

const kinds: Readonly<Record<RuleType, Kind>> = {
  schedule: { priority: 1000, attributes: { pattern: "nightly" } },
  semver: { priority: 900, attributes: { pattern: undefined, value: "" } },
  pep440: { priority: 900, attributes: { pattern: undefined, value: "" } },
  match: { priority: 800, attributes: { pattern: undefined, group: "0", value: "" } },
  edge: { priority: 700, attributes: { branch: "" } },
  ref: { priority: 600, attributes: { event: undefined } },
  raw: { priority: 200, attributes: { value: undefined } },
  sha: { priority: 100, attributes: { format: "short" } },
}

/** Attributes that every rule may have. A prefix or suffix of its own takes the place of the flavor's. */
const common = ["enable", "priority", "prefix", "suffix"]

/**
 * Reads the rules, one a line; empty lines and lines that begin with `#` do not count.
 *
 * @returns The rules by priority, those of the same priority in the order of the lines.
 * @throws InputError with `tagRules[i]`, where i counts the rules from 0.
 */
export function parseTagRules(text: string): TagRule[] {
  return ruleLines(text)
    .map((line, index) => parseRule(line, `tagRules[${index}]`))
    .sort((a, b) => b.priority - a.priority)
}

function parseRule(line: string, path: string): TagRule {
  const fields = splitFields(line, path).map((field) => keyAndValue(field))
  const named = fields.find(([key]) => key === "type")?.[1] ?? "raw"
  if (!Object.hasOwn(kinds, named)) {
    const hint = `use ${Object.keys(kinds).join(", ")}`
    throw new InputError(path, `there is no type ${shown(named)}`, hint)
  }
  const type = named as RuleType
  const given: Record<string, string> = {}
  for (const [key, value] of fields) {
    const name = key ?? "value"
    if (name === "type") continue
    checkName(name, type, key === undefined ? value : undefined, path)
    given[name] = value
  }
  const attributes = complete(type, given, path)
  checkValues(type, attributes, path)
  return { path, type, priority: parsePriority(attributes.priority, type, path), attributes }
}

function checkName(name: string, type: RuleType, bare: string | undefined, path: string): void {
  const known = [...Object.keys(kinds[type].attributes), ...common]
  if (known.includes(name) && (bare === undefined || type === "raw")) return
  const what = bare === undefined ? `no attribute ${shown(name)}` : `no place for ${shown(bare)}`
  const quotes = bare === undefined ? "" : '; a value with a comma needs quotes: "pattern=a,b"'
  throw new InputError(path, `type=${type} has ${what}`, `it has ${known.join(", ")}${quotes}`)
}

function complete(type: RuleType, given: Record<string, string>, path: string): Record<string, string> {
  const all = { ...given }
  for (const [name, value] of Object.entries(kinds[type].attributes)) {
    if (all[name] !== undefined) continue
    if (value === undefined)
      throw new InputError(path, `type=${type} has no ${name}`, `add ${name}=…, as in ${examples[type]}`)
    all[name] = value
  }
  if (type === "sha") all.prefix ??= "sha-"
  if (type === "ref" && all.event === "pr") all.prefix ??= "pr-"
  return all
}

const examples: Readonly<Partial<Record<RuleType, string>>> = {
  semver: "type=semver,pattern={{version}}",
  pep440: "type=pep440,pattern={{version}}",
  match: "type=match,pattern=v(.*),group=1",
  ref: "type=ref,event=branch",
  raw: "type=raw,value=stable",
}

function checkValues(type: RuleType, attributes: Record<string, string>, path: string): void {
  const one = (name: string, values: string[]) => {
    if (values.includes(attributes[name] ?? "")) return
    throw new InputError(
      path,
      `${shown(attributes[name] ?? "")} is no ${name} of type=${type}`,
      `use ${values.join(" or ")}`,
    )
  }
  if (type === "ref") one("event", ["branch", "tag", "pr"])
  if (type === "sha") one("format", ["short", "long"])
  if (type !== "match") return
  if (!/^\d+$/.test(attributes.group ?? ""))
    throw new InputError(
      path,
      `${shown(attributes.group ?? "")} is no number of a group`,
      "0 is the whole match",
    )
  ruleExpression(attributes.pattern ?? "", path)
}

/** The regular expression of a rule, `v(.*)` or `/v(.*)/i`. */
export function ruleExpression(pattern: string, path: string): RegExp {
  const [, inner = pattern, flags = ""] = /^\/(.+)\/(.*)$/.exec(pattern) ?? []
  try {
    return new RegExp(inner, flags.replace("g", ""))
  } catch {
    throw new InputError(
      path,
      `${shown(pattern)} is not a regular expression`,
      "write it as JavaScript has it",
    )
  }
}

function parsePriority(text: string | undefined, type: RuleType, path: string): number {
  if (text === undefined) return kinds[type].priority
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new InputError(path, `the priority ${shown(text)} is not a whole number`, "the highest comes first")
}
