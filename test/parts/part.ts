import { execa } from "execa"

/** How many tests of a part passed, failed and were skipped. */
export interface Count {
  passed: number
  failed: number
  skipped: number
}

/** A part of the test suite that can be run alone. */
export interface Part {
  name: string
  /** What it checks, for the heading. */
  what: string
  run(): Promise<Count>
}

export const none: Count = { passed: 0, failed: 0, skipped: 0 }

export function add(a: Count, b: Count): Count {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** Colours only where someone looks on. */
const color: Record<string, string> = process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: "0" }

/** Runs a command with its output on ours. True when it exits 0; a missing command is said, not thrown. */
export async function succeeds(argv: string[], input = ""): Promise<boolean> {
  const [command = "", ...args] = argv
  const result = await execa(command, args, {
    reject: false,
    preferLocal: true,
    input,
    stdout: "inherit",
    stderr: "inherit",
    env: color,
  })
  if (result.failed) console.error(`✗ ${result.shortMessage}`)
  return !result.failed
}

/** A part that is one test: its commands all exit 0. They all run, so that one run shows all that is wrong. */
export function gate(name: string, what: string, check: () => Promise<boolean>): Part {
  return {
    name,
    what,
    async run() {
      return (await check()) ? { ...none, passed: 1 } : { ...none, failed: 1 }
    },
  }
}
