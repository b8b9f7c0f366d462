import { InputError } from "./errors.ts"
import { expressions, type RuleFacts } from "./rule-facts.ts"
import { type Found, ruleKinds } from "./rule-kinds.ts"
import type { TagFlavor } from "./tag-flavor.ts"
import type { TagRule } from "./tag-rules.ts"
import { fillTemplate } from "./template.ts"
import { shown } from "./text.ts"

/** The tags that rules give, in their order, and what the caller should know about those that gave none. */
export interface RuledTags {
  tags: string[]
  notes: string[]
}

/**
 * Applies the rules. A rule whose event did not happen gives no tag: `type=semver` without a git tag, `type=edge` on
 * another branch. The tags come by priority; `latest` is the last.
 *
 * `latest` is there when the rule of the first tag is one of releases: a git tag by `ref`, `match`, `semver` or
 * `pep440`, for the last two unless it is a pre-release. The flavor may say otherwise.
 */
export function applyTagRules(rules: readonly TagRule[], facts: RuleFacts, flavor: TagFlavor): RuledTags {
  const notes: string[] = []
  const found: Found[] = []
  for (const rule of rules) {
    const fill = (template: string) => fillTemplate(template, expressions(facts, rule.path), rule.path)
    if (!isEnabled(fill(rule.attributes.enable ?? "true"), rule.path)) continue
    const result = ruleKinds[rule.type]({
      rule,
      facts,
      fill,
      note: (text) => notes.push(`${rule.path}: ${text}`),
    })
    if (result === undefined || result.value === "") continue
    const prefix = fill(rule.attributes.prefix ?? flavor.prefix)
    const suffix = fill(rule.attributes.suffix ?? flavor.suffix)
    found.push({ ...result, value: cleanTag(`${prefix}${result.value}${suffix}`, rule.path) })
  }
  const latest = flavor.latest === "auto" ? found[0]?.latest === true : flavor.latest === "true"
  const tags = found.map(({ value }) => value)
  if (latest && tags.length > 0) tags.push(latestTag(flavor, facts))
  return { tags: [...new Set(tags)], notes }
}

function isEnabled(text: string, path: string): boolean {
  if (text === "true" || text === "false") return text === "true"
  throw new InputError(path, `enable is ${shown(text)}`, "it must come to true or false")
}

/** Each run of characters that a tag may not have becomes one `-`. */
function cleanTag(text: string, path: string): string {
  const tag = text.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 128)
  if (/^[A-Za-z0-9_]/.test(tag)) return tag
  throw new InputError(
    path,
    `gives ${shown(text)}, which cannot be a tag`,
    "it must begin with a letter or digit",
  )
}

function latestTag({ prefix, suffix, prefixOnLatest, suffixOnLatest }: TagFlavor, facts: RuleFacts): string {
  const fill = (template: string) => fillTemplate(template, expressions(facts, "tagFlavor"), "tagFlavor")
  const [before, after] = [prefixOnLatest ? fill(prefix) : "", suffixOnLatest ? fill(suffix) : ""]
  return cleanTag(`${before}latest${after}`, "tagFlavor")
}
