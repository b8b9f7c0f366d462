import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

const folder = mkdtempSync(join(tmpdir(), "seamless-hook-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = ".seamless/runs/4.abc"

function write(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
  chmodSync(join(folder, path), mode)
}

/** Runs the hook `before-switch` by the agent's own function, with the settings of a run loaded. */
function hook(shell: Shell, text: string, seconds = 10) {
  write(
    `${run}/settings`,
    "PROJECT=shop\nRELEASE=4\nTAG_VARIABLE=IMAGE_TAG\nTAG=1.1.0\nBASE_FILES=compose.yml\nENV_FILE=\n",
  )
  write(`${run}/facts`, "project shop\nrelease 4\ntag 1.1.0\nby Ada L. $(id)\ncommit \n")
  write(`${run}/reason`, "")
  write(".seamless/hooks/before-switch", text, 0o700)
  const program = `agent=$1 run=$2 seconds=$3
set -- lib "$run"
. "$agent"
exec 9>.seamless/lock
flock 9
load_settings
if do_hook before-switch "$seconds"; then echo good; else cat "$run/reason"; fi`
  const { stdout, stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile(), run, String(seconds)],
    env: {},
  })
  // Of a child that a signal ended, some shells say so.
  expect(stderr.replace("Terminated\n", "")).toBe("")
  return stdout.trim()
}

describe.each(shells)("a hook, with %s:", (shell) => {
  test("knows the facts of the run, in the project's directory, without the candidate's settings", () => {
    const text = `#!/bin/sh
{ pwd; env | grep -e ^SEAMLESS_ -e ^COMPOSE_ -e ^IMAGE_TAG | sort; } >seen
flock -n .seamless/lock true || echo locked >>seen
[ -e /proc/self/fd/9 ] && echo "inherits the lock" >>seen
exit 0
`
    expect(hook(shell, text)).toBe("good")
    expect(readFileSync(join(folder, "seen"), "utf8").trim().split("\n")).toEqual([
      folder,
      "SEAMLESS_BY=Ada L. $(id)",
      "SEAMLESS_COMMIT=",
      "SEAMLESS_HOOK=before-switch",
      "SEAMLESS_PROJECT=shop",
      "SEAMLESS_REASON=",
      "SEAMLESS_RELEASE=4",
      "SEAMLESS_TAG=1.1.0",
      "locked",
    ])
  })

  test("that fails is told with its last words", () => {
    expect(hook(shell, "#!/bin/sh\necho not on a Friday >&2\nexit 3\n")).toBe(
      "the hook .seamless/hooks/before-switch ended with exit code 3: not on a Friday",
    )
  })

  test("that hangs is ended", () => {
    expect(hook(shell, "#!/bin/sh\nexec sleep 60\n", 1)).toContain("before-switch ended with exit code")
  })
})
