import { InputError } from "./errors.ts"
import type { Container, HostState } from "./host-state.ts"
import { innerPort, type Route } from "./proxy-config.ts"

/** The host ports that a container holds, or would hold when started. */
export function publishedPorts({ ports }: Container): number[] {
  const bindings = Object.values(ports ?? {}).flatMap((list) => list ?? [])
  return bindings.map(({ HostPort }) => Number(HostPort))
}

/** Whether a container publishes ports itself. */
export const holdsPorts = (container: Container) => publishedPorts(container).length > 0

/** The proxy of a project, if there is one. */
export const proxyOf = (state: HostState, project: string) =>
  state.containers.find(({ proxy }) => proxy === project)

/**
 * Refuses ports that somebody else holds. The proxy and the service's own containers are no strangers.
 *
 * @throws InputError naming the port and its holder.
 */
export function checkPorts(state: HostState, project: string, routes: readonly Route[]): void {
  checkDistinct(routes)
  const proxy = proxyOf(state, project)
  for (const { service, published } of routes) {
    const path = `services.${service}.ports`
    const holders = state.containers.filter(
      (container) => container.state === "running" && publishedPorts(container).includes(published),
    )
    const stranger = holders.find(
      (container) => container !== proxy && !isContainerOf(container, project, service),
    )
    if (stranger !== undefined) {
      const hint = "stop it, or publish another port"
      throw new InputError(path, `the port ${published} is held by the container ${stranger.name}`, hint)
    }
    if (holders.length === 0 && state.listening.includes(published)) {
      throw new InputError(
        path,
        `the port ${published} is held by a process on the host that is no container`,
        "stop it, or publish another port",
      )
    }
  }
  if (proxy !== undefined) checkProxyPorts(proxy, routes)
}

/** Inside the proxy the address at which a request came in is not seen: a port leads to one place. */
function checkDistinct(routes: readonly Route[]): void {
  for (const { service, published, target } of routes) {
    const other = routes.find(
      (route) => route.published === published && (route.service !== service || route.target !== target),
    )
    if (other === undefined) continue
    throw new InputError(
      `services.${service}.ports`,
      `the port ${published} leads to ${service}:${target} and to ${other.service}:${other.target}`,
      "publish one of them on another port",
    )
  }
}

/** A proxy cannot take up a port while it runs. */
function checkProxyPorts(proxy: Container, routes: readonly Route[]): void {
  const has = new Set(Object.keys(proxy.ports ?? {}).map((port) => Number.parseInt(port, 10)))
  const missing = routes.filter(({ published }) => !has.has(innerPort(published)))
  if (missing.length === 0) return
  const ports = missing.map(({ published }) => published).join(", ")
  const hint = `remove the proxy (docker rm -f ${proxy.name}) and deploy again: its ports are without an owner in between`
  throw new InputError(
    `services.${missing[0]?.service}.ports`,
    `the proxy ${proxy.name} does not publish ${ports} yet`,
    hint,
  )
}

/** Whether a container belongs to a service of a project. */
export function isContainerOf(container: Container, project: string, service: string): boolean {
  return container.project === project && container.service === service && container.oneoff !== "True"
}
