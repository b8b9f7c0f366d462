import { setTimeout as sleep } from "node:timers/promises"
import { agentProgram, attachProgram, readProgram } from "./agent/program.ts"
import type { Desired } from "./core/desired.ts"
import { DeployError, InputError } from "./core/errors.ts"
import { type HostState, parseHostState } from "./core/host-state.ts"
import { type Outcome, parseOutcome } from "./core/outcome.ts"
import type { Plan } from "./core/plan.ts"
import type { CommandResult, Host } from "./host/host.ts"
import { enter, inProject, type ProjectPlace } from "./project.ts"

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
  const { code, stdout, stderr } = await host.run({ argv, stdin: readProgram() })
  if (code !== 0) throw new Error(`the state of the host cannot be read: exit code ${code}: ${stderr.trim()}`)
  return parseHostState(stdout)
}

/** Unpacks the run's files into a folder of its own and lets the agent carry it out. */
const launch = `umask 077
cd -- "$1" && mkdir -p ".seamless/runs/$2" && tar -xof - -C ".seamless/runs/$2" &&
exec sh ".seamless/runs/$2/agent.sh" launch ".seamless/runs/$2"`

/**
 * Hands the plan to the host's agent and follows it to its verdict. When the link breaks, the agent goes on by itself, and
 * its run is followed again as soon as the host can be reached.
 *
 * @param runId Name of the run's folder; unique, so that two clients cannot write into one.
 */
export async function applyPlan(host: Host, plan: Plan, runId: string): Promise<Outcome> {
  const argv = ["sh", "-c", launch, "seamless", plan.directory, runId]
  const files = { ...plan.files, "agent.sh": agentProgram() }
  try {
    return outcome(await host.run({ argv, files }))
  } catch (broken) {
    return await followAgain(host, plan.directory, runId, broken)
  }
}

/** Seconds between the attempts to reach a host again; the run goes on there meanwhile. */
const pauses = [1, 2, 4, 8, 15, 30]

async function followAgain(host: Host, directory: string, runId: string, broken: unknown): Promise<Outcome> {
  if (!(broken instanceof InputError) || broken.path !== "host") throw broken
  for (const pause of pauses) {
    await sleep(pause * 1000)
    try {
      return await followRun(host, directory, runId)
    } catch (error) {
      if (error instanceof NoRun) throw broken
      if (!(error instanceof InputError) || error.path !== "host") throw error
    }
  }
  throw broken
}

/** There is no such run on the host. */
class NoRun extends InputError {}

/** What a client that missed a run can do with it. */
export type Attachment = "follow" | "recover"

/** Follows a run that somebody else launched to its verdict; `recover` first brings an interrupted one to an end. */
export async function followRun(
  host: Host,
  directory: string,
  runId = "",
  attachment: Attachment = "follow",
): Promise<Outcome> {
  const result = await inProject(host, directory, `${enter}\nshift\n${attachProgram()}`, runId, attachment)
  if (result.code === noRunCode)
    throw new NoRun("projectDir", `nothing was deployed by Seamless in ${directory}`, "deploy first")
  return outcome(result)
}

const noRunCode = 67
/** What the agent exits with when the run of somebody else ended without a verdict. */
const interruptedCode = 23

function outcome({ code, stdout, stderr }: CommandResult): Outcome {
  const parsed = parseOutcome(stdout)
  if (parsed !== undefined) return parsed
  if (code === interruptedCode) {
    const hint = "the next deploy brings it to an end first, and so does recover"
    throw new DeployError("the run was interrupted: its agent was killed, or the host went down", { hint })
  }
  throw new Error(`the agent gave no verdict: exit code ${code}: ${stderr.trim()}`)
}

/**
 * Waits until no rollout holds the project's lock.
 *
 * @param seconds How long at most.
 */
export async function waitForLock(host: Host, directory: string, seconds: number): Promise<void> {
  const wait = `${enter}\nflock --shared --timeout "$2" .seamless/lock true`
  await inProject(host, directory, wait, String(seconds))
}
