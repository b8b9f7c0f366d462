import type { ComposeConfig } from "./compose.ts"
import type { Desired } from "./desired.ts"
import { InputError } from "./errors.ts"
import type { HostState } from "./host-state.ts"

/** Oldest Compose that knows the tags `!reset` and `!override` (release notes of Compose 2.24.4). */
const oldestCompose = [2, 24, 4] as const

/** What a host offers once all of it has been checked. */
export interface ReadyHost {
  directory: string
  config: ComposeConfig
}

/**
 * Whether the host can take a rollout at all: Docker answers, the tools are there, the project is where it was said to
 * be, and Compose accepts it with every variable set.
 *
 * @throws InputError with the first thing that is wrong. Nothing has been changed by then.
 */
export function checkHost(
  state: HostState,
  desired: Pick<Desired, "tagVariable" | "envFile">,
  projectDir: string,
): ReadyHost {
  const directory = checkPlace(state, projectDir)
  checkFiles(state, desired, directory)
  return { directory, config: checkConfig(state, desired) }
}

/**
 * Whether there is a project to ask about: Docker answers, and the directory is there.
 *
 * @returns The absolute path of the directory.
 */
export function checkPlace(state: HostState, projectDir: string): string {
  checkTools(state)
  if (state.directory === undefined) throw noDirectory(projectDir, state.home)
  return state.directory
}

export function noDirectory(projectDir: string, home: string): InputError {
  return new InputError(
    "projectDir",
    `there is no directory ${projectDir} on the host (home: ${home})`,
    "create it on the host with the Compose file in it, or name another one with --project-dir",
  )
}

function checkTools({ daemon, missing, compose }: HostState): void {
  if (missing.includes("docker")) {
    throw new InputError(
      "host",
      "docker is not installed there",
      "install Docker Engine and its Compose plugin on the host",
    )
  }
  if ("error" in daemon) {
    const hint = /permission denied/i.test(daemon.error)
      ? "add the SSH user to the group docker on the host, then log in anew"
      : "check that dockerd runs on the host and that the SSH user may use it"
    throw new InputError("host", `Docker does not answer there: ${daemon.error}`, hint)
  }
  if (missing.length > 0) {
    throw new InputError(
      "host",
      `it lacks ${missing.join(", ")}`,
      "install them; flock and setsid are part of util-linux",
    )
  }
  const version = /^v?(\d+)\.(\d+)\.?(\d*)/.exec(compose)
  if (version === null) {
    throw new InputError(
      "host",
      `it has no Compose plugin: ${compose}`,
      "install the package docker-compose-plugin on the host",
    )
  }
  if (isOlder(version.slice(1).map(Number), oldestCompose)) {
    const wanted = oldestCompose.join(".")
    throw new InputError(
      "host",
      `its Compose ${compose} is too old`,
      `install Compose ${wanted} or newer on the host`,
    )
  }
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const at = than.findIndex((part, index) => version[index] !== part)
  return at >= 0 && (version[at] ?? 0) < (than[at] ?? 0)
}

function checkFiles(state: HostState, { envFile }: Pick<Desired, "envFile">, directory: string): void {
  const { files, missingFiles, misplacedSettings } = state
  if (!state.writable) {
    throw new InputError(
      "projectDir",
      `the SSH user may not write to ${directory}`,
      "give the directory to that user",
    )
  }
  if (envFile !== undefined && !state.envFileFound) {
    throw new InputError(
      "envFile",
      `${directory} has no file ${envFile}`,
      "give its path relative to the project directory",
    )
  }
  if (files.length === 0) {
    const hint = "put the Compose file there, or name its files with --compose-files"
    throw new InputError("projectDir", `${directory} has no Compose file`, hint)
  }
  if (missingFiles.length > 0) {
    const hint = "correct --compose-files, or COMPOSE_FILE in the project's .env"
    throw new InputError("composeFiles", `${directory} has no ${missingFiles.join(", ")}`, hint)
  }
  if (misplacedSettings.length > 0) {
    const hint = "move it to the top level of the file, beside services"
    throw new InputError(
      "x-seamless",
      `in ${misplacedSettings.join(", ")} it is part of something else`,
      hint,
    )
  }
  // The path goes into COMPOSE_FILE, there among others, and into .env without quotes.
  const odd = files.find((file) => /[:\s$'"\\]/.test(file))
  if (odd !== undefined) {
    throw new InputError(
      "composeFiles",
      `the path ${JSON.stringify(odd)} has a colon, white space, a quote, a backslash or a dollar sign`,
      "rename the file",
    )
  }
}

function checkConfig(
  { config, warnings, directory, files }: HostState,
  { tagVariable }: Pick<Desired, "tagVariable">,
): ComposeConfig {
  const where = `${directory}/${files[0]}`
  if (config === undefined) {
    const message = warnings.replaceAll(/^time=.*$\n?/gm, "").trim() || warnings
    throw new InputError(
      "composeFiles",
      `Compose refuses ${where}: ${message}`,
      "correct the file on the host",
    )
  }
  const unset = /The \\?"([^"\\]+)\\?" variable is not set/.exec(warnings)
  if (unset !== null) {
    const hint = `set it in ${directory}/.env, or give it a default in the file: \${${unset[1]}:-value}`
    throw new InputError("composeFiles", `${where} needs the variable ${unset[1]}, which is not set`, hint)
  }
  if (Object.keys(config.services).length === 0) {
    throw new InputError(
      "composeFiles",
      `${where} has no services`,
      `add a service whose image has the tag \${${tagVariable}}`,
    )
  }
  return config
}
