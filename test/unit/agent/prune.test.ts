import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { beforeEach, describe, expect, test } from "vitest"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

// What is kept is decided by the records alone; only docker itself is replaced, by a list of images and a note of what it
// was told to remove. The real one is in test/e2e/operations.test.ts.
const program = `agent=$1 run=$2 keep=$3
set -- lib "$run"
. "$agent"
docker() {
  case $1 in
  images) cat listed ;;
  rmi) echo "$2" >>removed ;;
  esac
}
RELEASE=\${run##*/} RELEASE=\${RELEASE%.*}
do_prune repo "$keep"`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seamless-prune-"))
  return () => rmSync(folder, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** A record of a rollout, and the files of its release unless it was reverted. */
function rollout(release: number, digest: string, verdict?: string): void {
  write(`.seamless/runs/${release}.abc/facts`, `project shop\nrelease ${release}\ndigest ${digest}\n`)
  if (verdict !== undefined) write(`.seamless/runs/${release}.abc/verdict`, `${verdict}\n`)
  if (verdict !== "reverted") write(`.seamless/releases/${release}/compose.yml`, "")
}

function prune(shell: Shell, release: number, keep: number, images: string[]) {
  write("listed", images.map((digest) => `${digest}\n`).join(""))
  write("removed", "")
  const run = `.seamless/runs/${release}.abc`
  const { stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile(), run, String(keep)],
    env: {},
  })
  expect(stderr).toBe("")
  return readFileSync(join(folder, "removed"), "utf8").split("\n").filter(Boolean)
}

const releases = () =>
  readdirSync(join(folder, ".seamless/releases"))
    .map(Number)
    .sort((a, b) => a - b)

describe.each(shells)("pruning, with %s:", (shell) => {
  test("removes what rollouts brought and no kept release needs, and nothing of others", () => {
    rollout(1, "sha256:one", "deployed")
    rollout(2, "sha256:two", "deployed")
    rollout(3, "sha256:broken", "reverted")
    rollout(4, "sha256:one", "deployed")
    rollout(10, "sha256:ten") // the run under way
    const images = ["sha256:one", "sha256:two", "sha256:broken", "sha256:ten", "sha256:of-somebody", "<none>"]
    expect(prune(shell, 10, 2, images)).toEqual(["repo@sha256:broken", "repo@sha256:two"])
    expect(releases()).toEqual([4, 10])
  })

  test("keeps all when there are no more than it keeps", () => {
    rollout(1, "sha256:one", "deployed")
    rollout(2, "sha256:two")
    expect(prune(shell, 2, 5, ["sha256:one", "sha256:two"])).toEqual([])
    expect(releases()).toEqual([1, 2])
  })

  test("keeps the newest fifty records", () => {
    for (let release = 1; release <= 53; release++) rollout(release, `sha256:${release}`, "deployed")
    rollout(54, "sha256:54")
    prune(shell, 54, 5, [])
    expect(readdirSync(join(folder, ".seamless/runs"))).toHaveLength(50)
    expect(existsSync(join(folder, ".seamless/runs/4.abc"))).toBe(false)
    expect(existsSync(join(folder, ".seamless/runs/5.abc"))).toBe(true)
  })
})
