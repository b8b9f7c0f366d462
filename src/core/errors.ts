import { oneLine } from "./text.ts"

/**
 * The caller gave something wrong. Thrown before anything is changed.
 *
 * The message has two lines: where and what, then what to do about it.
 */
export class InputError extends Error {
  override readonly name: string = "InputError"

  constructor(
    /** Path of the wrong value, such as `host` or `hosts[1].port`. */
    readonly path: string,
    /** What is wrong with it. */
    readonly problem: string,
    /** What the caller can do. */
    readonly hint: string,
  ) {
    super(`${path}: ${problem}\n  → ${hint}`)
  }
}

/** What a {@link DeployError} tells beside its first sentence. */
export interface DeployFailure {
  /** Sentence of the step that failed. */
  step?: string
  /** What was put back, newest first. */
  undone?: readonly string[]
  /** The last lines that the failed container printed. */
  logTail?: readonly string[]
  /** What the caller can do next. */
  hint?: string
}

/** A deploy began and did not succeed. The message says what failed, where, what was undone and what to do next. */
export class DeployError extends Error {
  override readonly name: string = "DeployError"

  constructor(
    /** What happened, as one sentence. */
    readonly problem: string,
    readonly failure: DeployFailure = {},
  ) {
    super(explain(problem, failure))
  }
}

function explain(problem: string, { step, undone = [], logTail = [], hint }: DeployFailure): string {
  const lines = [problem]
  if (step !== undefined) lines.push(`  failed step: ${step}`)
  lines.push(...undone.map((sentence) => `  undone: ${sentence}`))
  if (logTail.length > 0) lines.push("  last log lines:", ...logTail.map((line) => `    | ${line}`))
  if (hint !== undefined) lines.push(`  → ${hint}`)
  return lines.map(oneLine).join("\n")
}
