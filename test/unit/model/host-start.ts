import type { ComposeConfig } from "../../../src/core/compose.ts"
import type { Container, HostState } from "../../../src/core/host-state.ts"
import { type Host, isRunning, policyOf, type Release, routed, startProxy } from "./host.ts"

/** A host in the state that a client has read: what is committed is what serves. */
export function hostFrom(state: HostState): Host {
  const config = state.config ?? { name: "", services: {}, networks: {} }
  const proxy = state.containers.find((container) => container.proxy !== null)
  const boxes = state.containers.filter((container) => container !== proxy)
  const releases = state.current === undefined ? {} : { [state.current]: committed(state, config, boxes) }
  const host: Host = {
    config,
    boxes: boxes.map((container) => ({
      ...container,
      ready: isRunning(container),
      restart: policyOf({ config }, container.service),
    })),
    created: 0,
    migrated: [],
    ...(proxy === undefined
      ? {}
      : { proxy: { container: { ...proxy, restart: "unless-stopped" }, live: {} } }),
    ...(state.current === undefined ? {} : { current: state.current }),
    releases,
    env: { tag: state.tag, torn: false },
    runs: [],
    diskFull: false,
    dockerDown: false,
    booted: false,
    unrouted: false,
    lost: [],
    wrongs: [],
  }
  if (proxy !== undefined && isRunning(proxy)) startProxy(host)
  return host
}

/** The release that serves has a server for each container that runs. */
function committed({ slots }: HostState, config: ComposeConfig, boxes: readonly Container[]): Release {
  const running = (name: string) => boxes.filter((it) => it.service === name && isRunning(it)).length
  const servers = Object.fromEntries(routed({ config }).map((name) => [name, running(name)]))
  return { slots: slots === "a" || slots === "b" ? slots : "", servers }
}

/** A copy that shares nothing that changes. */
export function copyOf(host: Host): Host {
  const { boxes, proxy, releases, env, envCopy, runs, agent, lost, migrated, wrongs } = host
  const list = <T>(values: T[]) => values.map((value) => ({ ...value }))
  const sets = Object.entries(proxy?.live ?? {}).map(([name, { a, b }]) => [name, { a: list(a), b: list(b) }])
  return {
    ...host,
    boxes: list(boxes),
    lost: [...lost],
    migrated: [...migrated],
    wrongs: [...wrongs],
    releases: { ...releases },
    env: { ...env },
    ...(envCopy && { envCopy: { ...envCopy } }),
    ...(proxy && { proxy: { container: { ...proxy.container }, live: Object.fromEntries(sets) } }),
    ...(agent && { agent: { ...agent } }),
    runs: runs.map((run) => ({
      ...run,
      ...(run.journal && { journal: [...run.journal] }),
      marks: [...run.marks],
    })),
  }
}
