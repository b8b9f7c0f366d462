import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { getVariable, setVariable } from "../../support/dotenv.ts"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

/** A project's .env (none when absent), and what the agent sets in it. */
interface Case {
  text?: string
  set: [name: string, value: string][]
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seamless-env-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = `
agent=$1
shift
set -- lib "$PWD/run" "$@"
. "$agent"
shift 2
for project; do
  (
    cd "$project" || exit 1
    newline='
'
    IFS=$newline
    set -- $(cat set)
    unset IFS
    do_env "$@"
  ) || exit 1
done`

/** What the agent makes of each .env, all in one run of the shell. */
function written(shell: Shell, cases: readonly Case[]): string[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, "run"), { recursive: true })
  const projects = cases.map(({ text, set }, index) => {
    const project = `project${index}`
    mkdirSync(join(folder, project))
    writeFileSync(join(folder, project, "set"), set.flat().join("\n"))
    if (text !== undefined) writeFileSync(join(folder, project, ".env"), text)
    if (text !== undefined) chmodSync(join(folder, project, ".env"), 0o640)
    return project
  })
  const { code, stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile(), ...projects],
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return projects.map((project) => readFileSync(join(folder, project, ".env"), "utf8"))
}

const tag = (value = "1.4.2"): Case["set"] => [["IMAGE_TAG", value]]

const examples: [what: string, before: string, after: string][] = [
  ["an empty file", "", "IMAGE_TAG=1.4.2\n"],
  ["plain", "A=1\nIMAGE_TAG=1.4.1\nB=2\n", "A=1\nIMAGE_TAG=1.4.2\nB=2\n"],
  ["no final newline", "A=1\nIMAGE_TAG=1.4.1", "A=1\nIMAGE_TAG=1.4.2"],
  ["empty lines at the end", "IMAGE_TAG=1\n\n\n", "IMAGE_TAG=1.4.2\n\n\n"],
  ["CRLF", "A=1\r\nIMAGE_TAG=1.4.1\r\nB=2\r\n", "A=1\r\nIMAGE_TAG=1.4.2\r\nB=2\r\n"],
  ["a byte order mark", "\uFEFFIMAGE_TAG=1\n", "\uFEFFIMAGE_TAG=1.4.2\n"],
  ["double quotes", 'IMAGE_TAG="1.4.1" # live\n', 'IMAGE_TAG="1.4.2" # live\n'],
  ["single quotes", "export IMAGE_TAG='1.4.1'\n", "export IMAGE_TAG='1.4.2'\n"],
  ["a colon", "IMAGE_TAG: 1.4.1\n", "IMAGE_TAG: 1.4.2\n"],
  ["a comment behind", "IMAGE_TAG = 1.4.1   # live # now\n", "IMAGE_TAG = 1.4.2   # live # now\n"],
  ["a comment and no value", "IMAGE_TAG= # set by hand\n", "IMAGE_TAG=1.4.2 # set by hand\n"],
  ["a value with an equals sign", "IMAGE_TAG=a=b\n", "IMAGE_TAG=1.4.2\n"],
  ["an ampersand and a backslash before it", "A=\\&\nIMAGE_TAG=1\n", "A=\\&\nIMAGE_TAG=1.4.2\n"],
  ["duplicates: the last", "IMAGE_TAG=a\nIMAGE_TAG=b\n", "IMAGE_TAG=a\nIMAGE_TAG=1.4.2\n"],
  ["a comment with the name", "IMAGE_TAG=y\n# IMAGE_TAG=x\n", "IMAGE_TAG=1.4.2\n# IMAGE_TAG=x\n"],
  [
    "names that begin or end alike",
    "IMAGE_TAGS=1\nMY_IMAGE_TAG=2\n",
    "IMAGE_TAGS=1\nMY_IMAGE_TAG=2\nIMAGE_TAG=1.4.2\n",
  ],
  ["absent, no final newline", "A=1", "A=1\nIMAGE_TAG=1.4.2\n"],
  ["absent, CRLF", "A=1\r\nB=2", "A=1\r\nB=2\r\nIMAGE_TAG=1.4.2\r\n"],
  ["the name inside another value", "A='\nIMAGE_TAG=x\n'\n", "A='\nIMAGE_TAG=x\n'\nIMAGE_TAG=1.4.2\n"],
  ["a value over lines", 'IMAGE_TAG="a\nb"\nB=2\n', 'IMAGE_TAG="1.4.2"\nB=2\n'],
  ["an escaped quote", 'IMAGE_TAG="a\\"b" # c\n', 'IMAGE_TAG="1.4.2" # c\n'],
]

describe.each(shells)("the agent's .env, with %s:", (shell) => {
  test("each kind of line, by example", () => {
    const after = written(
      shell,
      examples.map(([, text]) => ({ text, set: tag() })),
    )
    expect(after.map((text, index) => [examples[index]?.[0], text])).toEqual(
      examples.map(([what, , text]) => [what, text]),
    )
  })

  test("a file that is not there yet", () => {
    expect(written(shell, [{ set: tag() }])).toEqual(["IMAGE_TAG=1.4.2\n"])
  })

  test("two variables at once, as COMMIT sets them", () => {
    const files = "compose.yml:.seamless/releases/current/compose.yml"
    expect(
      written(shell, [
        { text: "IMAGE_TAG=1\nA=é", set: [...tag("1.4.2@sha256:ab"), ["COMPOSE_FILE", files]] },
      ]),
    ).toEqual([`IMAGE_TAG=1.4.2@sha256:ab\nA=é\nCOMPOSE_FILE=${files}\n`])
  })

  test("the file keeps its mode, and nothing is left beside it", () => {
    written(shell, [{ text: "A=1\n", set: tag() }])
    const project = join(folder, "project0")
    expect(readdirSync(project).sort()).toEqual([".env", "set"])
    expect(statSync(join(project, ".env")).mode & 0o777).toBe(0o640)
  })

  test("no room for it: the file stays as it is, and nothing lies beside it", () => {
    const before = `IMAGE_TAG=1\n#${"x".repeat(490)}\n`
    mkdirSync(join(folder, "run"), { recursive: true })
    mkdirSync(join(folder, "full"), { recursive: true })
    writeFileSync(join(folder, "full", "set"), "IMAGE_TAG\na-tag-that-is-too-long-for-512-bytes")
    writeFileSync(join(folder, "full", ".env"), before)
    const full = program.replace('do_env "$@"', 'trap "" XFSZ; ulimit -f 1; ! do_env "$@"')
    const { code } = runShell(shell, full, { cwd: folder, args: [agentFile(), "full"] })
    expect(code).toBe(0)
    expect(readFileSync(join(folder, "full", ".env"), "utf8")).toBe(before)
    expect(readdirSync(join(folder, "full")).sort()).toEqual([".env", "set"])
  })

  test("any text: the same bytes as by the reference, and Compose reads the value that was set", () => {
    const piece = fc.constantFrom(
      ..."=: \t#'\"\\\n$&",
      "\r\n",
      "a",
      "IMAGE_TAG",
      "\nIMAGE_TAG=",
      "\nexport B='x #y'",
      " #",
      "é",
      "%s",
    )
    const readable = fc
      .array(piece, { maxLength: 20 })
      .map((pieces) => pieces.join(""))
      .filter((text) => {
        try {
          getVariable(text, "IMAGE_TAG")
          return true
        } catch {
          return false
        }
      })
    const value = fc.stringMatching(/^[A-Za-z0-9_.@:-]{1,12}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(readable, value), { minLength: 25, maxLength: 25 }), (drawn) => {
        const after = written(
          shell,
          drawn.map(([text, wanted]) => ({ text, set: tag(wanted) })),
        )
        const expected = drawn.map(([text, wanted]) => setVariable(text, "IMAGE_TAG", wanted))
        expect(drawn.map(([text], index) => [text, after[index]])).toEqual(
          drawn.map(([text], index) => [text, expected[index]]),
        )
      }),
      { numRuns: 4 },
    )
  })
})
