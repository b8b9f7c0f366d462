import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Count, none, type Part, succeeds } from "./part.ts"

/** Ensures an engine, then runs a command with its address in the environment. */
const engine = ".dagger/engine/run"

/** The vitest projects, cheapest first. A tier without a folder does not exist yet. */
export const tiers: Part[] = [
  tier("unit", "pure decisions, in seconds"),
  tier("contract", "one suite for every adapter of the Host port", engine),
  tier("engine", "the module's functions on a real engine", engine),
  tier("e2e", "operator stories on real hosts under traffic", engine),
  tier("faults", "every step of a rollout, disturbed in every way", engine),
  tier("supply-chain", "syft, grype and cosign, compiled the first time", engine),
].filter(({ name }) => existsSync(join("test", name)))

function tier(name: string, what: string, ...runner: string[]): Part {
  return {
    name,
    what,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), "seamless-test-"))
      const output = join(folder, "result.json")
      try {
        const ok = await succeeds([
          ...runner,
          join("node_modules", ".bin", "vitest"),
          "run",
          "--project",
          name,
          "--reporter=default",
          "--reporter=json",
          `--outputFile.json=${output}`,
        ])
        return count(ok, output)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

interface Result {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
}

/** A run that failed without a failed test (a file that does not load, no tests, no engine) counts as one failure. */
function count(ok: boolean, output: string): Count {
  if (!existsSync(output)) return { ...none, failed: 1 }
  const result: Result = JSON.parse(readFileSync(output, "utf8"))
  return {
    passed: result.numPassedTests,
    failed: ok ? result.numFailedTests : Math.max(1, result.numFailedTests),
    skipped: result.numPendingTests + result.numTodoTests,
  }
}
