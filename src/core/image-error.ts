import { DeployError, InputError } from "./errors.ts"
import { registryAnswer } from "./registry-answer.ts"
import { shown } from "./text.ts"

/** What the engine's client throws when a command in a container failed. */
export interface FailedCommand extends Error {
  cmd: string[]
  exitCode: number
  stdout: string
  stderr: string
}

/** Why an image could not be built: the command that failed with its last lines, or what is wrong in the Dockerfile. */
export function explainBuild(error: unknown, dockerfile: string): Error {
  if (isFailedCommand(error)) {
    const command = error.cmd.slice(error.cmd[1] === "-c" ? 2 : 0).join(" ")
    const output = `${error.stdout}\n${error.stderr}`.split("\n").filter((line) => line.trim() !== "")
    return new DeployError(
      `dockerfile: a command of ${dockerfile} failed with exit code ${error.exitCode}: ${shown(command)}`,
      { logTail: output.slice(-20), hint: "correct it, or what it builds; nothing was pushed or changed" },
    )
  }
  return new InputError(
    "dockerfile",
    `${dockerfile} cannot be built: ${lastCause(error)}`,
    "correct it; what it copies must be within --source and not in .dockerignore",
  )
}

/** The class itself must not be imported as a value: the engine's runtime has no such export. */
export function isFailedCommand(error: unknown): error is FailedCommand {
  return error instanceof Error && "exitCode" in error && "cmd" in error && Array.isArray(error.cmd)
}

/** Why the registry did not take an image. */
export function explainPush(error: unknown, repository: string): InputError {
  if (isRefusal(error)) {
    return new InputError(
      "registryToken",
      `the registry refuses the push to ${repository}`,
      "check --registry-user and --registry-token, and that the user may write there",
    )
  }
  const answer = registryAnswer(message(error))
  const hint = /^40[045] /.test(answer)
    ? "check the name: some registries want a repository to be created before the first push"
    : unreachableHint
  return new InputError("repository", `the push to ${repository} failed: ${answer}`, hint)
}

/** Why the registry did not show an image. */
export function explainPull(error: unknown, name: string): InputError {
  if (isRefusal(error)) {
    return new InputError(
      "registryToken",
      `the registry refuses to show ${name}`,
      "check --registry-user and --registry-token",
    )
  }
  if (/dial tcp|no such host|connection refused|timeout|connection reset/i.test(message(error))) {
    return new InputError(
      "repository",
      `the registry of ${name} does not answer: ${lastCause(error)}`,
      unreachableHint,
    )
  }
  return new InputError("image", `${name} cannot be found: ${lastCause(error)}`, "check the name and the tag")
}

const unreachableHint = "check the registry's name, and that the engine can reach it"

const isRefusal = (error: unknown) =>
  /\b40[13]\b|unauthorized|denied|authorization failed/i.test(message(error))

export const message = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** The last line, without the engine's own ids and how it came across the fault. */
function lastCause(error: unknown): string {
  const last = message(error).trim().split("\n").at(-1) ?? ""
  return last
    .replace(/^failed to (?:load container from converted ID|convert Dockerfile to LLB): /, "")
    .replaceAll(/(?:load \S+|inputs): /g, "")
}
