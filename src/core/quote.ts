import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

/** Words that a POSIX shell takes as they are, in any position. */
const plain = /^[A-Za-z0-9_./:@%+,-]+$/

/**
 * Writes an argument vector as one command line for a POSIX shell. The only place where we quote.
 *
 * A word that needs it is put in single quotes, in which nothing is special but the single quote itself.
 *
 * @throws InputError when a word holds a NUL, which no argument of a process can.
 */
export function quote(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ")
}

function quoteWord(word: string, index: number): string {
  if (word.includes("\0")) {
    throw new InputError(
      `argv[${index}]`,
      `${shown(word)} holds a NUL character`,
      "remove it: no process can be given one",
    )
  }
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
