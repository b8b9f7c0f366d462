import type { Action } from "./action.ts"
import {
  type Box,
  type Host,
  isRunning,
  policyOf,
  publishesItself,
  routed,
  runningProxy,
  startProxy,
} from "./host.ts"

/** What can happen at a point: before an action of the agent, or to the action itself. */
export type Fault =
  | "agent killed"
  | "host rebooted"
  | "host rebooted, and the proxy was first"
  | "dockerd restarted"
  | "dockerd restarted between two calls"
  | "proxy killed"
  | "new container dies"
  | "old container dies"
  | "disk full"
  | "action fails"
  | "action fails after it acted"

interface FaultModel {
  /** Whether it makes a difference here; after the last action there is none. */
  isPossible(host: Host, action: Action | undefined): boolean
  strike(host: Host): void
  /** It is the action that comes to nothing, or looks as if. */
  hitsTheAction?: true
}

export const faults: Record<Fault, FaultModel> = {
  "agent killed": { isPossible: (_, action) => action !== undefined, strike: leave },
  "host rebooted": {
    // On a host that is the same afterwards it is the death of the agent.
    isPossible: (host, action) => action === undefined || isChangedByRestart(host),
    strike: boot,
  },
  "host rebooted, and the proxy was first": {
    isPossible: (host) => isStarted(host.proxy?.container) && host.boxes.some(publishesAndComesBack),
    strike: (host) => {
      for (const box of host.boxes.filter(publishesAndComesBack)) box.state = "dead"
      boot(host)
      for (const box of host.boxes.filter(({ state }) => state === "dead")) box.state = "exited"
    },
  },
  "dockerd restarted": {
    // On a host that is the same afterwards it is a call of Docker that fails, or one that waits.
    isPossible: (host, action) => action === undefined || isChangedByRestart(host),
    strike: (host) => {
      host.dockerDown = true
      restartContainers(host)
    },
  },
  "dockerd restarted between two calls": {
    isPossible: (host, action) => action !== undefined && isChangedByRestart(host),
    strike: restartContainers,
  },
  "proxy killed": { isPossible: (host) => !servesDurably(host), strike: restartProxy },
  "new container dies": {
    isPossible: (host) => mayDie(host, true) !== undefined,
    strike: (host) => die(host, mayDie(host, true)),
  },
  "old container dies": {
    isPossible: (host) => mayDie(host, false) !== undefined,
    strike: (host) => die(host, mayDie(host, false)),
  },
  "disk full": {
    isPossible: ({ diskFull }, action) => action?.needs === "disk" && !diskFull,
    strike: (host) => {
      host.diskFull = true
    },
  },
  "action fails": {
    isPossible: (_, action) => action !== undefined && action.needs !== "nothing",
    strike: () => {},
    hitsTheAction: true,
  },
  "action fails after it acted": {
    isPossible: (_, action) =>
      action !== undefined && action.needs !== "nothing" && action.plain === undefined,
    strike: () => {},
    hitsTheAction: true,
  },
}

export const faultNames = Object.keys(faults).filter((name): name is Fault => name in faults)

const ours = (host: Host, box: Box) => box.service !== null && routed(host).includes(box.service)
/** The release that is under way, or was last. */
const newest = ({ runs }: Host) => String(runs.at(-1)?.release)

/** A container that Docker starts again at once makes no difference. */
const mayDie = (host: Host, isNew: boolean) =>
  host.boxes.find(
    (box) =>
      ours(host, box) && isRunning(box) && box.restart === "no" && (box.release === newest(host)) === isNew,
  )

/** A proxy that starts anew, or is not there, serves what it served. */
function servesDurably(host: Host): boolean {
  const proxy = runningProxy(host)
  if (proxy === undefined) return true
  if (!isStarted(proxy.container)) return false
  const copy = { ...host, proxy: { container: { ...proxy.container }, live: {} } }
  startProxy(copy)
  return JSON.stringify(copy.proxy) === JSON.stringify(proxy)
}

/** The agent is gone, and with it its lock; the room that the disk lacked is taken to be found until the next run. */
export function leave(host: Host): void {
  delete host.agent
  host.diskFull = false
}

function die(host: Host, box: Box | undefined): void {
  if (box === undefined) return
  box.state = "exited"
  host.lost.push({ id: box.id, service: box.service, release: box.release })
}

/** All containers die; those with a restart policy come back, the proxy with what is durable. */
function restartContainers(host: Host): void {
  for (const box of host.boxes) if (box.state === "exited" && box.restart === "always") box.state = "running"
  for (const box of host.boxes) {
    if (!stays(box)) continue
    // It is lost through the fault only when the Compose file asks for no restart; else the agent has held it back.
    if (policyOf(host, box.service) === "no") die(host, box)
    box.state = "exited"
  }
  restartProxy(host)
}

const isChangedByRestart = (host: Host) =>
  !servesDurably(host) ||
  host.boxes.some((box) => stays(box) || (!isRunning(box) && box.restart === "always"))

/** Whether Docker starts a container with itself. */
const isStarted = (container: { restart: string } | undefined) =>
  container !== undefined && container.restart !== "no"

/** Whether it takes a port with it when the host boots. */
const publishesAndComesBack = (box: Box) => publishesItself(box) && isStarted(box)

function boot(host: Host): void {
  leave(host)
  restartContainers(host)
  host.booted = true
}

/** Whether a container that runs does not come back. */
const stays = (box: Box) => isRunning(box) && box.restart === "no"

/** What was switched to before COMMIT is not durable: a proxy that starts anew does not know it. */
function restartProxy(host: Host): void {
  const { proxy } = host
  if (proxy === undefined) return
  const served = hasRoutes(host) || host.unrouted
  if (isStarted(proxy.container)) startProxy(host)
  else host.proxy = { container: { ...proxy.container, state: "exited" }, live: {} }
  host.unrouted = served && !hasRoutes(host)
}

const hasRoutes = ({ proxy }: Host) =>
  Object.values(proxy?.live ?? {}).some(({ a, b }) => [...a, ...b].some(({ state }) => state === "ready"))

/** Carries an action out under the conditions of the host. */
export function perform(action: Action, host: Host, fault: Fault | undefined): boolean {
  if (action.needs === "docker" && host.dockerDown) {
    host.dockerDown = false
    return false
  }
  if (fault === "action fails" || (action.needs === "disk" && host.diskFull)) {
    action.tear?.(host)
    return false
  }
  const succeeded = action.act(host)
  return succeeded && fault !== "action fails after it acted"
}
