// The `.env` file beside a Compose file, of which we set one variable and keep every other byte. Compose's own
// parser decides what a line means (compose-go, package dotenv): NAME=value or NAME: value, `export ` allowed; a
// comment after a plain value needs " #"; '…' is literal, "…" has escapes, both may span lines; of several lines
// for one name the last counts.
import { InputError } from "../../src/core/errors.ts"
import { shown } from "../../src/core/text.ts"

/** One assignment and where its value stands in the text. */
interface Assignment {
  name: string
  value: string
  /** Range to replace for another value, quotes included. */
  start: number
  end: number
  /** Where the search for the next line goes on. */
  next: number
}

/** Blanks as Compose skips them; the carriage return of a line ending stays where it is. */
const blank = "(?:[\\t\\v\\f \\x85\\xa0]|\\r(?!\\n|$))*"
const head = new RegExp(`(${blank}(?:export\\s+)?([\\p{L}\\p{N}_.[\\]-]*)${blank}[=:])${blank}`, "uy")
const quoted = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/sy

function assignments(text: string): Assignment[] {
  const found: Assignment[] = []
  for (let at = text.startsWith("\uFEFF") ? 1 : 0; at < text.length; ) {
    const assignment = assignmentAt(text, at)
    if (assignment) found.push(assignment)
    at = assignment?.next ?? endOfLine(text, at) + 1
  }
  return found
}

function assignmentAt(text: string, at: number): Assignment | undefined {
  const [opening, toSeparator, name] = matchAt(head, text, at) ?? []
  if (opening === undefined || toSeparator === undefined || name === undefined) return undefined
  const start = at + opening.length
  const [whole, single, double] = matchAt(quoted, text, start) ?? []
  if (whole !== undefined) {
    const value = single?.replaceAll("\\'", "'") ?? expandEscapes(double ?? "")
    const end = start + whole.length
    return { name, value, start, end, next: end }
  }
  if (/^['"]/.test(text.slice(start, start + 1))) {
    const line = text.slice(0, start).split("\n").length
    throw new InputError(
      ".env",
      `line ${line}: the quote of ${shown(name)} is never closed`,
      "close it: Compose cannot read the file either",
    )
  }
  const next = endOfLine(text, start) + 1
  const [beforeComment = ""] = text.slice(start, next).split(" #", 1)
  const value = beforeComment.trimEnd()
  // `NAME= # note`: to Compose "# note" is the value, to the one who wrote it a comment. It is kept.
  if (value.startsWith("#") && text[start - 1] === " ") {
    const gap = at + toSeparator.length
    return { name, value, start: gap, end: gap, next }
  }
  return { name, value, start, end: start + value.length, next }
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf("\n", from)
  return newline < 0 ? text.length : newline
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const escapes = new Map(Object.entries({ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }))

function expandEscapes(value: string): string {
  return value.replace(/\\(.)/gs, (both, character: string) => {
    return escapes.get(character) ?? (/["\\$]/.test(character) ? character : both)
  })
}

/**
 * The value that Compose gives a variable of a `.env` text; undefined when it is not set there. References to other
 * variables (`${…}`) and octal escapes are left as they stand.
 *
 * @throws InputError when a quote is never closed.
 */
export function getVariable(text: string, name: string): string | undefined {
  return assignments(text).findLast((assignment) => assignment.name === name)?.value
}

/**
 * The `.env` text with one variable set, every other byte as it was.
 *
 * Of several lines for one name only the last is changed: it is the one that counts, and the others may be there
 * for a reader. A variable that is not there is appended on a line of its own, with the line ending of the file,
 * after the final newline that the file may lack.
 *
 * @param value Written in the quotes that were there, or plain; when it is not safe in those, in single quotes, in
 * which Compose expands nothing.
 * @throws InputError when the name is not one, or the value has a line break, NUL, single quote or backslash,
 * or a quote in the text is never closed.
 */
export function setVariable(text: string, name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new InputError(
      "variable",
      `${shown(name)} is not a variable name`,
      "use A-Z, 0-9 and _, such as IMAGE_TAG",
    )
  }
  if (/[\r\n\0'\\]/.test(value)) {
    throw new InputError(
      name,
      `${shown(value)} cannot be written to .env`,
      "give a value on one line, without single quotes and backslashes",
    )
  }
  const last = assignments(text).findLast((assignment) => assignment.name === name)
  const written = write(value, last && /^['"]/.exec(text.slice(last.start, last.end))?.[0])
  if (last) return last.value === value ? text : text.slice(0, last.start) + written + text.slice(last.end)

  const newline = /\r?\n/.exec(text)?.[0] ?? "\n"
  const gap = text === "" || text === "\uFEFF" || text.endsWith("\n") ? "" : newline
  return `${text}${gap}${name}=${written}${newline}`
}

function write(value: string, quotes = ""): string {
  const isPlain = /^[A-Za-z0-9_./:@+,-]+$/.test(value)
  return isPlain ? `${quotes}${value}${quotes}` : `'${value}'`
}
