import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

let folder = mkdtempSync(join(tmpdir(), "seamless-verbs-"))
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), "seamless-verbs-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = ".seamless/runs/4.abc"
const path = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(path(name), "utf8")
function write(name: string, text: string): void {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), text)
}

/** Release 3 is current, release 4 is under way; the project's only service is web. */
function prepare(): void {
  const settings = ["PROJECT=shop", "RELEASE=4", "SLOTS=b", "OLD_SLOTS=a", "PROXY=shop-proxy", "NETWORK=net"]
  write(
    `${run}/settings`,
    `${[...settings, "TAG_VARIABLE=IMAGE_TAG", "TAG=1.1.0", "BASE_FILES=compose.yml", "ENV_FILE="].join("\n")}\n`,
  )
  write(".seamless/releases/3/slots", "a\n")
  write(".seamless/releases/4/slots", "b\n")
  symlinkSync("3", path(".seamless/releases/current"))
}

/**
 * Runs a call of the agent in which Docker and the programs in the proxy are what `fake` says, by cases of their arguments:
 * for Docker `PATTERN) …;;`. Answers whether it succeeded, what it asked of Docker, and why it failed.
 */
function call(shell: Shell, text: string, fake = "", more = "") {
  const program = `agent=$1 run=$2
set -- lib "$run"
. "$agent"
load_settings
docker() {
  echo "$*" >>calls
  case "$*" in ${fake}
  *) : ;; esac
}
${more}
if ${text}; then echo good; else echo bad; fi`
  const { stdout, stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile("agent.sh"), run],
    env: {},
  })
  expect(stderr).toBe("")
  const lines = (name: string) => (existsSync(path(name)) ? read(name).trim().split("\n") : [])
  return { answer: stdout.trim(), calls: lines("calls"), reason: lines(`${run}/reason`).join() }
}

describe.each(shells)("a step of the agent, with %s:", (shell) => {
  beforeEach(prepare)

  test("restart_policy: a container that died before it had its policy would not come back", () => {
    const fake = `"ps "*) echo new1;; "inspect "*) echo "$RUNS";;`
    const asked = "do_restart_policy web always"
    expect(call(shell, asked, fake, "RUNS=true")).toMatchObject({ answer: "good", reason: "" })
    expect(call(shell, asked, fake, "RUNS=false").reason).toBe("the new container of web has stopped")
    expect(call(shell, asked).answer).toBe("bad")
  })
})
