import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { getVariable, setVariable } from "../../support/dotenv.ts"

const read = (text: string) => getVariable(text, "IMAGE_TAG")
const write = (text: string, value = "1.4.2") => setVariable(text, "IMAGE_TAG", value)

// What Compose's own parser (compose-go 2.9.1) makes of each text.
test.each<[text: string, value: string | undefined]>([
  ["", undefined],
  ["IMAGE_TAG=a", "a"],
  ["IMAGE_TAG=a\r\n", "a"],
  ["\uFEFFIMAGE_TAG=a\n", "a"],
  ["  export  IMAGE_TAG = a \n", "a"],
  ["IMAGE_TAG: a\n", "a"],
  ["IMAGE_TAG=a #b\n", "a"],
  ["IMAGE_TAG=a#b\n", "a#b"],
  ["IMAGE_TAG=a\t#b\n", "a\t#b"],
  ["IMAGE_TAG=#b\n", "#b"],
  ["IMAGE_TAG='a #b' # c\n", "a #b"],
  ["IMAGE_TAG='it\\'s'\n", "it's"],
  ['IMAGE_TAG="a\\tb\\"c"\n', 'a\tb"c'],
  ["IMAGE_TAG='a\nb'\n", "a\nb"],
  ["IMAGE_TAG=a\nIMAGE_TAG=b\n", "b"],
  ["# IMAGE_TAG=a\n", undefined],
  ["IMAGE_TAGS=a\nMY_IMAGE_TAG=b\n", undefined],
  ["OTHER='\nIMAGE_TAG=hidden\n'\n", undefined],
  ["IMAGE_TAG\n", undefined],
])("%j has the value %j", (text, value) => {
  expect(read(text)).toBe(value)
})

test.each<[what: string, before: string, after: string]>([
  ["an empty file", "", "IMAGE_TAG=1.4.2\n"],
  ["plain", "A=1\nIMAGE_TAG=1.4.1\nB=2\n", "A=1\nIMAGE_TAG=1.4.2\nB=2\n"],
  ["no final newline", "A=1\nIMAGE_TAG=1.4.1", "A=1\nIMAGE_TAG=1.4.2"],
  ["CRLF", "A=1\r\nIMAGE_TAG=1.4.1\r\nB=2\r\n", "A=1\r\nIMAGE_TAG=1.4.2\r\nB=2\r\n"],
  ["empty, CRLF", "IMAGE_TAG=\r\nB=2\r\n", "IMAGE_TAG=1.4.2\r\nB=2\r\n"],
  ["double quotes", 'IMAGE_TAG="1.4.1" # live\n', 'IMAGE_TAG="1.4.2" # live\n'],
  ["single quotes", "export IMAGE_TAG='1.4.1'\n", "export IMAGE_TAG='1.4.2'\n"],
  ["quotes over lines", "IMAGE_TAG='a\nb'\nB=2\n", "IMAGE_TAG='1.4.2'\nB=2\n"],
  ["a comment behind", "IMAGE_TAG = 1.4.1   # live\n", "IMAGE_TAG = 1.4.2   # live\n"],
  ["a comment and no value", "IMAGE_TAG= # set by hand\n", "IMAGE_TAG=1.4.2 # set by hand\n"],
  ["a comment with the name", "# IMAGE_TAG=x\nIMAGE_TAG=y\n", "# IMAGE_TAG=x\nIMAGE_TAG=1.4.2\n"],
  ["duplicates: the last", "IMAGE_TAG=a\nIMAGE_TAG=b\n", "IMAGE_TAG=a\nIMAGE_TAG=1.4.2\n"],
  ["absent", "A=1\n", "A=1\nIMAGE_TAG=1.4.2\n"],
  ["absent, no final newline", "A=1", "A=1\nIMAGE_TAG=1.4.2\n"],
  ["absent, CRLF", "A=1\r\nB=2", "A=1\r\nB=2\r\nIMAGE_TAG=1.4.2\r\n"],
  ["absent, only a prefix", "IMAGE_TAG_OLD=1\n", "IMAGE_TAG_OLD=1\nIMAGE_TAG=1.4.2\n"],
  ["inside another value", "A='\nIMAGE_TAG=x\n'\n", "A='\nIMAGE_TAG=x\n'\nIMAGE_TAG=1.4.2\n"],
])("sets it in a text with: %s", (_, before, after) => {
  expect(write(before)).toBe(after)
})

test("a value that already is there changes no byte", () => {
  const text = 'IMAGE_TAG = "1.4.2"\t# kept\r\n'
  expect(write(text)).toBe(text)
})

test("a pinned tag is written plainly, anything special in single quotes", () => {
  expect(write("", `1.4.2@sha256:${"a".repeat(64)}`)).toBe(`IMAGE_TAG=1.4.2@sha256:${"a".repeat(64)}\n`)
  expect(write("", "$(id) #")).toBe("IMAGE_TAG='$(id) #'\n")
  expect(write("", "")).toBe("IMAGE_TAG=''\n")
})

test.each([["a\nEVIL=1"], ["a\rb"], ["it's"], ["a\\"], ["a\0"]])("refuses the value %j", (value) => {
  expect(() => write("", value)).toThrow(/^IMAGE_TAG: .* cannot be written to \.env\n {2}→ /)
})

test.each(["", "1A", "A-B", "A B", "A=1\nB"])("refuses the name %j", (name) => {
  expect(() => setVariable("", name, "x")).toThrow(/^variable: .* is not a variable name/)
})

test.each(["A=1\nB='x\n", 'A=1\nB="x\\"'])("refuses a text with an open quote: %j", (text) => {
  expect(() => write(text)).toThrow('.env: line 2: the quote of "B" is never closed')
  expect(() => read(text)).toThrow(/^\.env: /)
})

describe("for any text", () => {
  const piece = fc.constantFrom(
    ..."=: \t#'\"\\\n\r$",
    "\r\n",
    "a",
    "IMAGE_TAG",
    "\nIMAGE_TAG=",
    "OTHER",
    " #",
    "é",
  )
  const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""))
  const value = fc.stringMatching(/^[A-Za-z0-9_.@: #$"-]{0,20}$/)

  const isReadable = (it: string) => {
    try {
      getVariable(it, "IMAGE_TAG")
      return true
    } catch {
      return false
    }
  }

  it("keeps every byte before and behind the value, and sets once", () => {
    fc.assert(
      fc.property(text, value, (before, wanted) => {
        fc.pre(isReadable(before))
        const after = setVariable(before, "IMAGE_TAG", wanted)
        // Nothing changed, or one place: what was written stands between two parts of the text before.
        const places = [`'${wanted}'`, `"${wanted}"`, wanted || "''"].flatMap((written) =>
          [...Array(after.length + 1).keys()]
            .filter((at) => after.startsWith(written, at))
            .map((at) => ({ at, end: at + written.length })),
        )
        const replaced = places.some(
          ({ at, end }) =>
            at + after.length - end <= before.length &&
            before.startsWith(after.slice(0, at)) &&
            before.endsWith(after.slice(end)),
        )
        const appended =
          after.startsWith(before) && /^(\r?\n)?IMAGE_TAG=\S.*\r?\n$/.test(after.slice(before.length))
        expect(after === before || replaced || appended).toBe(true)
        expect(setVariable(after, "IMAGE_TAG", wanted)).toBe(after)
      }),
    )
  })

  it("reads back what it has set", () => {
    const lines = fc.constantFrom(
      "A=1",
      "# note",
      "export B='x #y'",
      'C="$A"',
      "",
      "IMAGE_TAG=old",
      "IMAGE_TAG='o' # n",
    )
    const ending = fc.constantFrom("\n", "\r\n")
    fc.assert(
      fc.property(fc.array(lines), ending, value, (before, newline, wanted) => {
        const after = setVariable(before.join(newline), "IMAGE_TAG", wanted)
        expect(getVariable(after, "IMAGE_TAG")).toBe(wanted)
      }),
    )
  })
})
