import { existsSync, readFileSync } from "node:fs"
import { execa } from "execa"
import { agentParts, agentProgram } from "../../src/agent/program.ts"
import { gate, type Part, succeeds } from "./part.ts"

const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"

// Biome colours its output even when told not to by NO_COLOR.
const colors = process.stdout.isTTY ? [] : ["--colors=off"]

/** The checks that need no engine and run no test file. */
export const gates: Part[] = [
  gate("types", "tsc over the module and over tests and tools", async () => {
    const module = await succeeds(["tsc", "--noEmit", "-p", "tsconfig.json"])
    const tools = await succeeds(["tsc", "--noEmit", "-p", "tsconfig.tools.json"])
    return module && tools
  }),
  gate("lint", "Biome: format and lint", () =>
    succeeds(["biome", "ci", ...colors, "--error-on-warnings", "."]),
  ),
  gate("import-wall", "src/core imports only src/core", () =>
    succeeds([
      "biome",
      "lint",
      ...colors,
      "--only=style/noRestrictedImports",
      "--error-on-warnings",
      "src/core",
    ]),
  ),
  gate("dead-code", "knip: unused files, exports and dependencies", () =>
    succeeds(["knip", "--no-progress"]),
  ),
  gate("shellcheck", "every shell script", checkShell),
  gate("actionlint", "the workflows", checkWorkflows),
]

/** Files of the work tree, those not yet added included, those ignored left out. */
async function files(): Promise<string[]> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
  return stdout.split("\0").filter((path) => path !== "" && existsSync(path))
}

function isShell(path: string): boolean {
  if (path.endsWith(".sh")) return true
  // Only names without an extension can be scripts of another kind: `run`, `agent`.
  if (/\.[^/]+$/.test(path.replace(/^.*\//, "").slice(1))) return false
  return /^#!.*\b(sh|bash|dash|ash)\b/.test(readFileSync(path, "utf8").slice(0, 80))
}

async function present(command: string): Promise<boolean> {
  const { failed } = await execa(command, ["--version"], { reject: false, stdin: "ignore" })
  return !failed
}

async function checkShell(): Promise<boolean> {
  if (!(await present("shellcheck"))) {
    const isRoot = process.getuid?.() === 0
    const apt = isRoot && (await succeeds(["apt-get", "install", "-y", "-qq", "shellcheck"]))
    if (!apt) {
      console.error("shellcheck is not installed\n  → as root: apt-get install shellcheck")
      return false
    }
  }
  const parts = agentParts.map((name) => `src/agent/${name}`)
  const scripts = (await files()).filter((path) => isShell(path) && !parts.includes(path))
  console.log([...scripts, "the agent"].map((path) => `  ${path}`).join("\n"))
  // -x follows sourced files, which are looked for beside the script.
  const ok = await succeeds(["shellcheck", "-x", "-P", "SCRIPTDIR", ...scripts])
  return (await succeeds(["shellcheck", "-"], agentProgram())) && ok
}

async function checkWorkflows(): Promise<boolean> {
  const workflows = (await files()).filter((path) => /^\.github\/workflows\/.*\.ya?ml$/.test(path))
  const { failed } = await execa("go", ["version"], { reject: false, stdin: "ignore" })
  if (failed) {
    console.error("actionlint needs Go\n  → install Go 1.21 or newer and put it on PATH")
    return false
  }
  return succeeds(["go", "run", actionlint, ...workflows])
}
