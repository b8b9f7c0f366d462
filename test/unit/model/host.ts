import { type ComposeConfig, replicas } from "../../../src/core/compose.ts"
import type { Container } from "../../../src/core/host-state.ts"
import type { Slots } from "../../../src/core/proxy-config.ts"

/** A container of a service, as far as a rollout depends on it. */
export interface Box extends Container {
  /** Whether it passes its health check. */
  ready: boolean
  restart: string
}

/** A slot of the proxy that is taken; a free one is not there. */
export interface Slot {
  release: number
  state: "maint" | "ready" | "drain"
}

/** What the running proxy serves: two sets of slots for each service. */
export type Live = Record<string, Record<Slots, Slot[]>>

/** The proxy's container; it has routes only while it runs. */
export interface Proxy {
  container: Container & { restart: string }
  live: Live
}

/** What a folder of `releases` says to the proxy: slots, and how many servers each service has in them. */
export interface Release {
  slots: Slots | ""
  servers: Record<string, number>
}

/** A folder of `runs`. */
export interface RunFolder {
  id: string
  release: number
  files: Record<string, string>
  /** Absent until the run tried to write its first line. */
  journal?: string[]
  verdict: string
  /** Whether its release lies among the releases, no longer with it. */
  moved: boolean
  /** Why a step failed. */
  reason: string
  credentials: boolean
  /** Notes of the run to its own undo. */
  marks: string[]
}

export interface EnvFile {
  tag: string
  /** Written in part only. */
  torn: boolean
}

/** A host with one project, reduced to what steps, faults and a restart change. Plain data: it is compared and copied. */
export interface Host {
  config: ComposeConfig
  boxes: Box[]
  /** Containers that were ever created: names of new ones. */
  created: number
  /** Releases whose migration was begun. */
  migrated: number[]
  proxy?: Proxy
  /** Target of the link `releases/current`. */
  current?: number
  /** Target of `releases/current.new`, which is there only while the link is being replaced. */
  next?: number
  releases: Record<number, Release>
  env: EnvFile
  envCopy?: EnvFile
  runs: RunFolder[]
  /** The living agent; it holds the lock as long as it lives. */
  agent?: { run: string; phase: "recovery" | "rollout" }
  diskFull: boolean
  /** Docker does not answer the next call. */
  dockerDown: boolean
  /** The host has booted, and nobody has done anything since. */
  booted: boolean
  /** A fault took all routes away when it made the proxy start anew. */
  unrouted: boolean
  /** What a fault killed and nothing brought back. */
  lost: Pick<Box, "id" | "service" | "release">[]
  /** What was done that must never be done. */
  wrongs: string[]
}

export const isRunning = ({ state }: Container) => state === "running"

/** Containers of a service, without those that ran a command once. */
export const boxesOf = ({ boxes }: Host, service: string) =>
  boxes.filter((it) => it.service === service && it.oneoff === "False")

/** Names of the services that have routes, as the proxy knows them. */
export const routed = ({ config }: Pick<Host, "config">) =>
  Object.keys(config.services).filter((name) => config.services[name]?.ports !== undefined)

/** The restart policy that the Compose file gives a service. */
export const policyOf = ({ config }: Pick<Host, "config">, service: string | null) =>
  config.services[service ?? ""]?.restart ?? "no"

export const wantedReplicas = ({ config }: Host, service: string) => replicas(config.services[service] ?? {})

/** The proxy starts with the routes of the current release, whatever it served before. */
export function startProxy(host: Host): void {
  const { proxy, current } = host
  if (proxy === undefined) return
  host.unrouted = false
  const release = current === undefined ? undefined : host.releases[current]
  // Without the file there is nothing to start with, and a port has one owner.
  proxy.container.state = release === undefined || portsAreHeld(host) ? "exited" : "running"
  proxy.live = Object.fromEntries(routed(host).map((service) => [service, { a: [], b: [] }]))
  for (const [service, count] of Object.entries(release?.servers ?? {})) {
    const set = release?.slots || "a"
    const slots = Array.from({ length: count }, (): Slot => ({ release: current ?? 0, state: "ready" }))
    proxy.live[service] = { a: [], b: [], [set]: slots }
  }
}

/** Containers that plain Compose started publish the ports themselves. */
const portsAreHeld = ({ boxes }: Host) => boxes.some((box) => isRunning(box) && publishesItself(box))

export const publishesItself = ({ ports }: Container) => Object.keys(ports ?? {}).length > 0

/** The proxy as a client finds it; nothing when it does not run. */
export const runningProxy = ({ proxy }: Host) =>
  proxy !== undefined && isRunning(proxy.container) ? proxy : undefined
