import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

// The part of Handlebars that tag rules use: `{{name}}` and `{{name 'text' key='text'}}`. No blocks, no escaping.

/** What stands behind a name: one text without a key, and texts with a key. */
export interface Arguments {
  text?: string
  named: Readonly<Record<string, string>>
}

/** What the names stand for. */
export type Expressions = Readonly<Record<string, (given: Arguments) => string>>

const mustache = /\{\{\s*([^{}]*?)\s*\}\}/g
const expression = /^([a-z_]+)((?:\s+(?:[a-z]+=)?(?:'[^']*'|"[^"]*"))*)$/
const argument = /(?:([a-z]+)=)?(?:'([^']*)'|"([^"]*)")/g

/**
 * Fills a template in.
 *
 * @throws InputError at `path` for an expression that is malformed or unknown.
 */
export function fillTemplate(template: string, expressions: Expressions, path: string): string {
  if (/\{\{|\}\}/.test(template.replace(mustache, "")))
    throw new InputError(path, `${shown(template)} has braces that do not match`, "write {{name}}")
  return template.replace(mustache, (whole, inner: string) => {
    const [, name = "", rest = ""] = expression.exec(inner) ?? []
    const value = Object.hasOwn(expressions, name) ? expressions[name] : undefined
    if (value !== undefined) return value(readArguments(name, rest, path))
    const known = Object.keys(expressions).map((each) => `{{${each}}}`)
    throw new InputError(path, `${shown(whole)} is unknown`, `use ${known.join(", ")}`)
  })
}

function readArguments(name: string, rest: string, path: string): Arguments {
  const named: Record<string, string> = {}
  const texts: string[] = []
  for (const [, key, single, double] of rest.matchAll(argument)) {
    const value = single ?? double ?? ""
    if (key === undefined) texts.push(value)
    else named[key] = value
  }
  if (texts.length > 1) throw new InputError(path, `{{${name}}} has two texts`, "write one between quotes")
  return { ...(texts[0] === undefined ? {} : { text: texts[0] }), named }
}

/** Whether a template is one expression of this name and nothing else. */
export function isOnly(name: string, template: string): boolean {
  return new RegExp(`^\\{\\{\\s*${name}\\s*\\}\\}$`).test(template.trim())
}
