import { parsePep440 } from "./pep440.ts"
import { expressions, needed, type RuleFacts, short } from "./rule-facts.ts"
import { parseSemver } from "./semver.ts"
import { ruleExpression, type TagRule } from "./tag-rules.ts"
import { fillTemplate, isOnly } from "./template.ts"
import { shown } from "./text.ts"

/** What a rule gives. */
export interface Found {
  value: string
  /** Whether `latest` follows from it. */
  latest: boolean
}

/** A rule, and what it may ask. */
export interface Question {
  rule: TagRule
  facts: RuleFacts
  fill(template: string): string
  note(text: string): void
}

/** The tag that a rule gives, before prefix and suffix. */
export const ruleKinds: Readonly<Record<TagRule["type"], (question: Question) => Found | undefined>> = {
  schedule: ({ rule, facts, fill }) =>
    facts.scheduled ? { value: fill(rule.attributes.pattern ?? ""), latest: false } : undefined,
  semver: (question) =>
    version(question, "semantic version", (text) => {
      const read = parseSemver(text)
      return read && { ...read, final: read.preRelease === undefined }
    }),
  pep440: (question) => version(question, "version of PEP 440", parsePep440),
  match: matched,
  edge: ({ rule, facts }) => {
    const wanted = rule.attributes.branch || needed(facts.defaultBranch, rule, "--default-branch main")
    return facts.branch === wanted ? { value: "edge", latest: false } : undefined
  },
  ref: ({ rule, facts }) => {
    const { branch, tag, pullRequest } = facts
    const value = { branch, tag, pr: pullRequest?.toString() }[
      rule.attributes.event as "branch" | "tag" | "pr"
    ]
    return value === undefined ? undefined : { value, latest: rule.attributes.event === "tag" }
  },
  raw: ({ rule, fill }) => ({ value: fill(rule.attributes.value ?? ""), latest: false }),
  sha: ({ rule, facts }) => {
    const commit = needed(facts.commit, rule, "--commit")
    return { value: rule.attributes.format === "long" ? commit : short(commit), latest: false }
  },
}

/** The text that a rule about versions looks at: its own, else the git tag. */
const subject = ({ rule, facts, fill }: Question) =>
  rule.attributes.value ? fill(rule.attributes.value) : facts.tag

interface Version {
  raw: string
  version: string
  major: string
  minor: string
  patch: string
  /** Others change often, so nobody who follows `1.4` asked for them: they give themselves and nothing shorter. */
  final: boolean
}

function version(
  question: Question,
  what: string,
  read: (text: string) => Version | undefined,
): Found | undefined {
  const text = subject(question)
  if (text === undefined) return undefined
  const found = read(text)
  if (found === undefined) {
    question.note(`${shown(text)} is no ${what}`)
    return undefined
  }
  const { rule, facts } = question
  const pattern = rule.attributes.pattern ?? ""
  const template = found.final || isOnly("raw", pattern) ? pattern : "{{version}}"
  const { raw, version, major, minor, patch } = found
  const parts = Object.entries({ raw, version, major, minor, patch }).map(([name, part]) => [
    name,
    () => part,
  ])
  const all = { ...expressions(facts, rule.path), ...Object.fromEntries(parts) }
  return { value: fillTemplate(template, all, rule.path), latest: found.final }
}

function matched(question: Question): Found | undefined {
  const text = subject(question)
  if (text === undefined) return undefined
  const { path, attributes } = question.rule
  const match = ruleExpression(attributes.pattern ?? "", path).exec(text)
  const value = match?.[Number(attributes.group)]
  if (value !== undefined) return { value, latest: true }
  const problem = match === null ? "does not match" : `has no group ${attributes.group} in`
  question.note(`${shown(attributes.pattern ?? "")} ${problem} ${shown(text)}`)
  return undefined
}
