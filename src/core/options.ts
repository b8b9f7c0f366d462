import type { Desired } from "./desired.ts"
import { parseDuration } from "./duration.ts"
import { InputError } from "./errors.ts"

/** The options of a rollout as the caller gives them. */
export interface RolloutOptions {
  services: string[]
  tagVariable: string
  envFile?: string
  healthPath: string
  healthPort?: number
  healthStatus: number
  healthCount: number
  readyTimeout: string
  publicTimeout: string
  drainTimeout: string
  soak?: string
  errorRate: number
  proxyImage: string
  allowGap: boolean
  migrate?: string
  migrateTimeout?: string
  diskReserve: number
  keep: number
  force?: boolean
  by: string
  commit: string
  commitTime?: number
  branch?: string
}

type Checked = Omit<Desired, "repository" | "tag" | "digest" | "kind" | "at">

/**
 * Checks the options of a rollout, before anything is asked of a host or a registry.
 *
 * @throws InputError with the name of the option that is wrong.
 */
export function parseOptions(raw: RolloutOptions): Checked {
  return {
    services: raw.services,
    tagVariable: parseVariable(raw.tagVariable),
    ...(raw.envFile === undefined ? {} : { envFile: parsePath(raw.envFile, "envFile") }),
    health: {
      path: parseHealthPath(raw.healthPath),
      ...(raw.healthPort === undefined
        ? {}
        : { port: parseInteger(raw.healthPort, "healthPort", 1, 65_535) }),
      status: parseInteger(raw.healthStatus, "healthStatus", 100, 599),
      count: parseInteger(raw.healthCount, "healthCount", 1, 100),
    },
    readyTimeout: parseTimeout(raw.readyTimeout, "readyTimeout"),
    publicTimeout: parseTimeout(raw.publicTimeout, "publicTimeout"),
    drainTimeout: parseTimeout(raw.drainTimeout, "drainTimeout"),
    ...(raw.soak === undefined ? {} : { soak: parseDuration(raw.soak, "soak") }),
    errorRate: parseInteger(raw.errorRate, "errorRate", 0, 100),
    proxyImage: parsePath(raw.proxyImage, "proxyImage"),
    allowGap: raw.allowGap,
    ...(raw.migrate === undefined ? {} : { migrate: parseMigration(raw.migrate, "migrate") }),
    migrateTimeout: parseTimeout(raw.migrateTimeout ?? "10m", "migrateTimeout"),
    diskReserve: parseInteger(raw.diskReserve, "diskReserve", 0, 1_000_000),
    keep: parseInteger(raw.keep, "keep", 1, 1_000),
    force: raw.force ?? false,
    by: raw.by,
    commit: raw.commit,
    ...(raw.commitTime === undefined
      ? {}
      : { commitTime: parseInteger(raw.commitTime, "commitTime", 0, 100_000_000_000) }),
    branch: raw.branch ?? "",
  }
}

/** A shell command on one line: it is a field of the plan. */
export function parseMigration(text: string, path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (text.trim() === "" || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new InputError(
      path,
      `${JSON.stringify(text)} is not a command on one line`,
      "put more than that into a script in the image, and name the script",
    )
  }
  return text
}

/** A health path goes into a request line and into the proxy's configuration. */
export function parseHealthPath(text: string, path = "healthPath"): string {
  if (!/^\/[\w\-./~%?&=+:@,;!$*()]*$/.test(text)) {
    throw new InputError(
      path,
      `${JSON.stringify(text)} is not the path of a URL`,
      "begin it with a slash, as /health, without spaces",
    )
  }
  return text
}

export function parseInteger(value: number, path: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(path, `${value} is out of range`, `give a whole number from ${least} to ${most}`)
  }
  return value
}

/** `NAME=value` in two. */
export function parseAssignment(text: string, path: string, what: string): { name: string; value: string } {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(text) ?? []
  if (name !== undefined && value !== undefined) return { name, value }
  throw new InputError(path, `${JSON.stringify(text)} is no ${what}`, "write NAME=value")
}

/** A platform that container images are made for, as `linux/arm64`. The engine would take any words for one. */
export function parsePlatform(text: string, path: string): string {
  if (!/^linux\/(amd64|arm64|arm(\/v[567])?|386|ppc64le|riscv64|s390x)$/.test(text)) {
    throw new InputError(
      path,
      `${JSON.stringify(text)} is not a platform`,
      "write linux/amd64, linux/arm64 or another that Docker has",
    )
  }
  return text
}

function parseTimeout(text: string, path: string): number {
  const ms = parseDuration(text, path)
  if (ms < 1000) throw new InputError(path, `${text} is too short to wait for anything`, "give at least 1s")
  return ms
}

/** The variable is set for Compose alone, and must not be one by which the host's tools find their way. */
function parseVariable(text: string): string {
  const hint = "name the variable that stands for the tag in the Compose file, as IMAGE_TAG"
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text))
    throw new InputError("tagVariable", `${JSON.stringify(text)} is not a variable's name`, hint)
  if (/^(COMPOSE_.*|DOCKER_.*|PATH|HOME|IFS|LD_.*|SHELL|USER)$/.test(text))
    throw new InputError("tagVariable", `${text} has a meaning of its own`, hint)
  return text
}

/** A path or name that travels as a field of one line. */
export function parsePath(text: string, path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (text === "" || text.startsWith("-") || /[\u0000-\u0020\u007f]/.test(text)) {
    throw new InputError(
      path,
      `${JSON.stringify(text)} cannot be used`,
      "give it without white space, and not beginning with a dash",
    )
  }
  return text
}
