import type { Assignment, Dockerfile, Instruction, Stage } from "./core/dockerfile.ts"
import type { ParsedInstruction, Parser } from "./parser/parsed.ts"

/** Why a Dockerfile cannot be taken apart. It may still be one that can be built. */
export class UnreadableDockerfile extends Error {}

/** Not as a literal: Bun would take declarations beside it for the file itself. */
const parser = new URL("./parser/dockerfile-ast.mjs", import.meta.url).href

/**
 * Takes a Dockerfile apart. The parser is loaded when the first one is read: most calls need none.
 *
 * @throws UnreadableDockerfile when a line belongs to no instruction, or there is no stage.
 */
export async function readDockerfile(text: string): Promise<Dockerfile> {
  const { DockerfileParser }: Parser = await import(parser)
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  const parsed = DockerfileParser.parse(lines.join("\n"))
  const directives = parsed.getDirectives().map((directive) => directive.getRange())
  const ranges = parsed.getInstructions().map((each) => each.getRange())
  checkCoverage(lines, [...ranges, ...directives])
  const instructions = parsed.getInstructions().map((each) => toInstruction(each, lines))
  const first = instructions.findIndex(({ keyword }) => keyword === "FROM")
  if (first < 0) throw new UnreadableDockerfile("it has no FROM")
  return {
    directives: directives.map(({ start }) => lines[start.line] as string),
    globals: instructions.slice(0, first),
    stages: toStages(instructions.slice(first)),
  }
}

interface Lines {
  start: { line: number }
  end: { line: number }
}

/** A line that the parser has passed over might be one that Docker runs. */
function checkCoverage(lines: readonly string[], ranges: readonly Lines[]): void {
  const covered = new Set<number>()
  for (const { start, end } of ranges) for (let line = start.line; line <= end.line; line++) covered.add(line)
  const lost = lines.findIndex((line, index) => !covered.has(index) && !/^\s*(#|$)/.test(line))
  if (lost >= 0) throw new UnreadableDockerfile(`its line ${lost + 1} is in no instruction`)
}

function toInstruction(parsed: ParsedInstruction, lines: readonly string[]): Instruction {
  const { start, end } = parsed.getRange()
  const text = lines.slice(start.line, end.line + 1).join("\n")
  const hasHeredoc = (parsed.getHeredocs?.() ?? []).length > 0
  const isJson = (parsed.getJSONStrings?.() ?? []).length > 0
  const keyword = parsed.getKeyword().toUpperCase()
  return {
    keyword,
    text,
    flags: (parsed.getFlags?.() ?? []).map(toAssignment),
    words: hasHeredoc
      ? firstLineWords(text)
      : isJson
        ? jsonWords(text)
        : parsed.getArguments().map((each) => each.getValue()),
    sets: keyword === "ARG" ? argNames(parsed) : (parsed.getProperties?.() ?? []).map(toAssignment),
    hasHeredoc,
  }
}

/** The parser counts the lines of a here-document among the words. */
const firstLineWords = (text: string): string[] =>
  (text.split("\n")[0] as string)
    .trim()
    .split(/\s+/)
    .slice(1)
    .filter((word) => !/^(--|<<)/.test(word))

/** The parser drops blanks within the strings of an array. What is no array of strings is one word that means anything. */
function jsonWords(text: string): string[] {
  try {
    const strings: unknown = JSON.parse(text.slice(text.indexOf("[")))
    if (Array.isArray(strings) && strings.every((each) => typeof each === "string")) return strings
  } catch {}
  return ["$"]
}

/** The parser reads `ARG A B` as if it were an ENV: A with the value B. To Docker these are two names. */
function argNames(parsed: ParsedInstruction): Assignment[] {
  const words = parsed.getArguments().map((each) => each.getValue())
  if (words[0]?.includes("=")) return (parsed.getProperties?.() ?? []).map(toAssignment)
  return words.map((word) => {
    const [, name, value] = /^(\w+)(?:=([^"'\\`]*))?$/.exec(word) ?? []
    if (name === undefined) throw new UnreadableDockerfile(`ARG ${words.join(" ")} is not understood`)
    return { name, ...(value === undefined ? {} : { value }) }
  })
}

function toAssignment(named: { getName(): string; getValue(): string | null }): Assignment {
  const value = named.getValue()
  return { name: named.getName(), ...(value === null ? {} : { value }) }
}

function toStages(instructions: readonly Instruction[]): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") stages.push(toStage(instruction))
    else stages.at(-1)?.instructions.push(instruction)
  }
  return stages
}

function toStage({ words, flags }: Instruction): Stage & { instructions: Instruction[] } {
  const [base, as, name, ...more] = words
  if (
    base === undefined ||
    more.length > 0 ||
    (as !== undefined && (!/^as$/i.test(as) || name === undefined))
  )
    throw new UnreadableDockerfile(`FROM ${words.join(" ")} is not understood`)
  const platform = flags.find((flag) => flag.name === "platform")?.value
  return {
    base,
    ...(name === undefined ? {} : { name: name.toLowerCase() }),
    ...(platform === undefined ? {} : { platform }),
    instructions: [],
  }
}
