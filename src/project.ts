import { InputError } from "./core/errors.ts"
import { noDirectory } from "./core/preflight.ts"
import type { CommandResult, Host } from "./host/host.ts"

/** A Compose project on a host. */
export interface ProjectPlace {
  host: Host
  projectDir: string
  composeFiles: readonly string[]
}

const noDirectoryCode = 66
/** The first line of a script for {@link inProject}. */
export const enter = `cd -- "$1" 2>/dev/null || { echo "$HOME" && exit ${noDirectoryCode}; }`

/** Runs a script that begins with {@link enter} in the project's directory; its arguments are counted from `$2` on. */
export async function inProject(
  host: Host,
  projectDir: string,
  script: string,
  ...args: string[]
): Promise<CommandResult> {
  const result = await host.run({ argv: ["sh", "-c", script, "seamless", projectDir, ...args] })
  if (result.code === noDirectoryCode) throw noDirectory(projectDir, result.stdout.trim())
  return result
}

/**
 * Locks the project against deploys.
 *
 * @param reason One line for whoever wants to deploy.
 * @throws InputError when it is locked already.
 */
export async function lockProject({ host, projectDir }: ProjectPlace, reason: string): Promise<string> {
  const { code, stdout } = await changeLock(host, projectDir, lockScript, reason)
  if (code === 0) return `locked: ${reason}\n`
  throw new InputError(
    "reason",
    `the project is locked already: ${stdout.trim()}`,
    "take that lock away with unlock first",
  )
}

/** Takes the lock away, and says what it was for. */
export async function unlockProject({ host, projectDir }: ProjectPlace): Promise<string> {
  const { code, stdout } = await changeLock(host, projectDir, unlockScript)
  return code === 0 ? `unlocked; it was locked: ${stdout.trim()}\n` : "it was not locked\n"
}

async function changeLock(host: Host, projectDir: string, script: string, ...args: string[]) {
  const result = await inProject(host, projectDir, script, ...args)
  if (result.code > 1) throw new Error(`the lock cannot be changed: ${result.stderr.trim()}`)
  return result
}

/** Linking fails when the name is there: of two who lock at once, one is told about the other. */
const lockScript = `${enter}
umask 077
lock=.seamless/maintenance
mkdir -p .seamless && printf '%s\\n' "$2" >"$lock.$$" || exit 2
ln "$lock.$$" "$lock" 2>/dev/null
code=$?
rm -f "$lock.$$"
cat "$lock" || exit 2
exit $code`
const unlockScript = `${enter}
lock=.seamless/maintenance
[ -f "$lock" ] || exit 1
cat "$lock" && rm -f "$lock" || exit 2`

/** The last log lines of a project's containers. */
export async function readLogs(
  { host, projectDir }: ProjectPlace,
  services: readonly string[],
  lines: number,
): Promise<string> {
  const { code, stdout, stderr } = await inProject(
    host,
    projectDir,
    logScript,
    String(lines),
    "--",
    ...services,
  )
  if (/no such service/.test(stderr))
    throw new InputError("services", stderr.trim(), "name services of the Compose file")
  if (code !== 0) throw new Error(`the logs cannot be read: ${stderr.trim()}`)
  return stdout
}

const logScript = `${enter}
shift && exec docker compose logs --no-color --timestamps --tail "$@"`
