// A Dockerfile as data. It is read by src/dockerfile.ts; what is decided about it is decided here, in the core.

import { oneLine } from "./text.ts"

/** `NAME=value` of an ENV or ARG, or a flag such as `--from=build`. */
export interface Assignment {
  name: string
  value?: string
}

export interface Instruction {
  /** In upper case. */
  keyword: string
  /** As it stands in the file, with continuation lines and here-documents. */
  text: string
  flags: readonly Assignment[]
  /** What follows the flags, word by word or as the strings of a JSON array; here-documents are left out. */
  words: readonly string[]
  /** What an ENV or ARG sets. */
  sets: readonly Assignment[]
  hasHeredoc: boolean
}

export interface Stage {
  name?: string
  /** What stands behind FROM, not expanded. */
  base: string
  /** `--platform`, not expanded. */
  platform?: string
  instructions: readonly Instruction[]
}

export interface Dockerfile {
  /** The directives at its top, such as `# syntax=docker/dockerfile:1`, line by line. */
  directives: readonly string[]
  /** The ARGs before the first FROM. */
  globals: readonly Instruction[]
  stages: readonly Stage[]
}

/**
 * What counts of an instruction's text: Docker drops lines of comment and empty lines in the middle of one, so they must not change
 * a key. In a here-document every line counts.
 */
export function significantText({ keyword, text, hasHeredoc }: Instruction): string {
  const [first = "", ...rest] = text.split(/\r?\n/)
  const head = first.replace(/^\s*\S+\s*/, `${keyword} `)
  const kept = hasHeredoc ? rest : rest.filter((line) => !/^\s*(#|$)/.test(line))
  return [head, ...kept].join("\n").trimEnd()
}

/** The values of the variables in a text, or nothing when it has anything but plain variables: quotes, escapes, other forms. */
export function expand(text: string, values: ReadonlyMap<string, string>): string | undefined {
  if (/["'\\`]/.test(text)) return undefined
  let known = true
  const expanded = text.replace(
    /\$(?:\{(\w+)(?::?-([^${}]*))?\}|(\w+)|)/g,
    (all, braced?: string, fallback?: string, plain?: string) => {
      const value = values.get(braced ?? plain ?? "")
      // With `:-` an empty value counts as none, with `-` it does not.
      const counts = value !== undefined && (value !== "" || !all.includes(":-"))
      const result = counts ? value : fallback
      if (result === undefined) known = false
      return result ?? ""
    },
  )
  return known ? expanded : undefined
}

/** Names of the variables that a text refers to. */
export const referencedNames = (text: string): string[] =>
  [...text.matchAll(/\$\{?(\w+)/g)].map((match) => match[1] as string)

/** An instruction on one line of at most 60 characters, for a message. */
export function shortText(instruction: Instruction): string {
  const line = oneLine(significantText(instruction).replaceAll(/[\\`]\n\s*/g, ""))
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
