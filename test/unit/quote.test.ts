import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { expect, test } from "vitest"
import { quote } from "../../src/core/quote.ts"

/** What a real shell makes of a command line: its words, each closed by a NUL. */
function words(line: string): string[] {
  const output = execFileSync("sh", [], { input: `printf '%s\\0' ${line}\n`, encoding: "utf8" })
  return output.split("\0").slice(0, -1)
}

test.each<[argv: string[], line: string]>([
  [["docker", "ps", "-a"], "docker ps -a"],
  [["a b"], "'a b'"],
  [["it's"], "'it'\\''s'"],
  [[""], "''"],
  [["$(id)", "`id`", "a;b", "*"], "'$(id)' '`id`' 'a;b' '*'"],
  [["~", "#", "!", "a=b"], "'~' '#' '!' 'a=b'"],
])("%j becomes %s", (argv, line) => {
  expect(quote(argv)).toBe(line)
})

test("refuses NUL and names the argument", () => {
  expect(() => quote(["echo", "a\0b"])).toThrow('argv[1]: "a\\u0000b" holds a NUL character')
})

test("a real shell gets back every argument unchanged", () => {
  const nasty = fc.constantFrom(
    "'",
    '"',
    "\\",
    "$(id)",
    "`",
    "\n",
    "\r",
    "!",
    "~",
    "-n",
    "%s",
    "é",
    "\u2028",
    " ",
  )
  const word = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(nasty).map((parts) => parts.join("")),
  )
  const argv = fc.array(
    word.filter((it) => !it.includes("\0") && !/[\ud800-\udfff]/u.test(it)),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(argv, (it) => {
      expect(words(quote(it))).toEqual(it)
    }),
    { numRuns: 150 },
  )
})
