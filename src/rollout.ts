import { readFileSync } from "node:fs"
import type { Desired } from "./core/desired.ts"
import { InputError } from "./core/errors.ts"
import { type HostState, parseHostState } from "./core/host-state.ts"
import { type Outcome, parseOutcome } from "./core/outcome.ts"
import type { Plan } from "./core/plan.ts"
import { noDirectory } from "./core/preflight.ts"
import type { CommandResult, Host } from "./host/host.ts"

const script = (name: string) => readFileSync(new URL(`./agent/${name}`, import.meta.url), "utf8")

/** What has to be known to read a project's state. */
export interface ProjectPlace {
  host: Host
  projectDir: string
  composeFiles: readonly string[]
}

/** A project as it stands, without a version that is to be deployed. */
const asItStands = { tagVariable: "IMAGE_TAG", tag: "-" }

/** Asks the host for its state, in one exec that changes nothing. */
export async function readHost(
  { host, projectDir, composeFiles }: ProjectPlace,
  desired: Pick<Desired, "tagVariable" | "tag" | "envFile"> = asItStands,
): Promise<HostState> {
  const argv = [
    "sh",
    "-s",
    "--",
    projectDir,
    desired.tagVariable,
    desired.tag,
    desired.envFile ?? "-",
    ...composeFiles,
  ]
  const { code, stdout, stderr } = await host.run({ argv, stdin: script("read.sh") })
  if (code !== 0) throw new Error(`the state of the host cannot be read: exit code ${code}: ${stderr.trim()}`)
  return parseHostState(stdout)
}

/** Unpacks the run's files into a folder of its own and lets the agent carry it out. */
const launch = `umask 077
cd -- "$1" && mkdir -p ".seamless/runs/$2" && tar -xof - -C ".seamless/runs/$2" &&
exec sh ".seamless/runs/$2/agent.sh" launch ".seamless/runs/$2"`

/**
 * Hands the plan to the host's agent and follows it to its verdict, in one exec.
 *
 * @param runId Name of the run's folder; unique, so that two clients cannot write into one.
 */
export async function applyPlan(host: Host, plan: Plan, runId: string): Promise<Outcome> {
  const argv = ["sh", "-c", launch, "seamless", plan.directory, runId]
  return outcome(await host.run({ argv, files: { ...plan.files, "agent.sh": script("agent.sh") } }), plan)
}

function outcome({ code, stdout, stderr }: CommandResult, plan: Plan): Outcome {
  const parsed = parseOutcome(stdout, plan.steps)
  if (parsed === undefined) throw new Error(`the agent gave no verdict: exit code ${code}: ${stderr.trim()}`)
  return parsed
}

/** The last log lines of a project's containers. */
export async function readLogs(
  { host, projectDir }: ProjectPlace,
  services: readonly string[],
  lines: number,
): Promise<string> {
  const { code, stdout, stderr } = await host.run({
    argv: ["sh", "-c", logScript, "seamless", projectDir, String(lines), "--", ...services],
  })
  if (code === noDirectoryCode) throw noDirectory(projectDir, stdout.trim())
  if (/no such service/.test(stderr))
    throw new InputError("services", stderr.trim(), "name services of the Compose file")
  if (code !== 0) throw new Error(`the logs cannot be read: ${stderr.trim()}`)
  return stdout
}

const noDirectoryCode = 66
const logScript = `cd -- "$1" 2>/dev/null || { echo "$HOME" && exit ${noDirectoryCode}; }
shift && exec docker compose logs --no-color --timestamps --tail "$@"`
