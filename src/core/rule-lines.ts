import { InputError } from "./errors.ts"

/** The lines of a list that are not empty and no comments. */
export function ruleLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
}

/** `pattern={{version}}` in two; a bare word has no key. */
export function keyAndValue(field: string): [key: string | undefined, value: string] {
  const at = field.indexOf("=")
  return at < 0
    ? [undefined, field.trim()]
    : [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim()]
}

/** The fields of a line of comma-separated values; one in double quotes may have commas, and `""` for a quote. */
export function splitFields(line: string, path: string): string[] {
  const fields: string[] = []
  const field = /\s*(?:"((?:[^"]|"")*)"\s*|(?!\s*")([^,]*))(,|$)/y
  while (true) {
    const match = field.exec(line)
    if (match === null) throw new InputError(path, "has a quote that does not end", "end it before the comma")
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "")
    if (match[3] === "") return fields.filter((each) => each.trim() !== "")
  }
}
