import type { Slots } from "../../../src/core/proxy-config.ts"
import { type Host, type Live, type RunFolder, runningProxy } from "./host.ts"

/**
 * One thing that the agent does and that cannot be seen half done from outside. Between two of them it may be killed, the
 * host may go down, a container may die.
 */
export interface Action {
  name: string
  /** What it cannot do without: Docker that answers, or room on the disk. What needs nothing does not fail. */
  needs: "docker" | "disk" | "nothing"
  /** False when the host says no. */
  act(host: Host): boolean
  /** What a write leaves that was cut short. */
  tear?(host: Host): void
  /** It changes nothing, or the agent does not ask how it ended: to fail before it acted and after it is the same. */
  plain?: true
  /** It begins this step of the plan: all that the agent knows here is on the host. */
  begins?: number
}

/** A part of the agent's program: it hands out its actions, learns whether each succeeded, and ends in success or not. */
export type Program = Generator<Action, boolean, boolean>

type Act = (host: Host) => boolean | undefined

const action =
  (needs: Action["needs"]) =>
  (name: string, act: Act = () => true): Action => ({ name, needs, act: (host) => act(host) !== false })

/** A call of Docker that changes something. */
export const docker = action("docker")
/** A call of Docker that only looks. */
export const look = (name: string, act?: Act): Action => ({ ...docker(name, act), plain: true })
/** A write that needs room. */
export const file = action("disk")
/** A rename or a removal. */
export const change = action("nothing")
/** A write made durable: it may fail, and changes nothing that could be seen. */
export const flush = (name: string): Action => ({ ...file(`sync ${name}`), plain: true })
/** A program in the proxy's container. */
const inside =
  (kind: typeof docker) =>
  (name: string, act: (live: Live, host: Host) => boolean): Action =>
    kind(name, (host) => {
      const proxy = runningProxy(host)
      return proxy !== undefined && act(proxy.live, host)
    })
export const inProxy = inside(docker)
export const lookInProxy = inside(look)

/** A step as the agent reads it from the plan. */
export interface PlannedStep {
  verb: string
  args: string[]
}

/** What the files of a run tell the agent. */
interface Orders {
  steps: PlannedStep[]
  release: number
  slots: Slots
  oldSlots: Slots
  tag: string
}

/** What the agent knows while it carries a run out. */
export interface Job extends Orders {
  host: Host
  run: RunFolder
}

/** Reading them again and again would take the most time of all. */
const known = new WeakMap<RunFolder["files"], Orders>()

/** A run as its folder tells it. */
export function openRun(host: Host, run: RunFolder): Job {
  const orders = known.get(run.files) ?? readOrders(run.files)
  known.set(run.files, orders)
  return { host, run, ...orders }
}

/** The plan in the agent's own format, and the settings. */
function readOrders({ plan = "", settings = "" }: RunFolder["files"]): Orders {
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(settings)?.[1] ?? ""
  const steps = plan
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [verb = "", , ...args] = line.split("\t")
      return { verb, args }
    })
  const set = (name: string): Slots => (setting(name) === "b" ? "b" : "a")
  const [slots, oldSlots] = [set("SLOTS"), set("OLD_SLOTS")]
  return { steps, release: Number(setting("RELEASE")), slots, oldSlots, tag: setting("TAG") }
}

/** Runs one program after the other until one fails. */
export function* all(programs: Iterable<Program>): Program {
  for (const program of programs) if (!(yield* program)) return false
  return true
}
