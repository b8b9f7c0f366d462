/** A published port as the proxy serves it. */
export interface Route {
  service: string
  /** Address and port on the host, as the Compose file publishes them. */
  hostIp?: string
  published: number
  /** Port in the service's container. */
  target: number
}

/**
 * Each service has two sets of server slots. A release takes the set that the release before it does not have, so that
 * both can be there at once, and the switch is a change of state between two sets.
 */
export type Slots = "a" | "b"

/** Slots in a set: the most replicas that a service can have. */
export const slotCount = 16

/** The servers of a service in one release. */
export interface Servers {
  service: string
  slots: Slots
  replicas: number
  /** Name that Docker's DNS answers with the containers of this release alone. */
  alias: string
}

/** Name of the proxy's backend for a published port. */
export const backendName = ({ service, published }: Route) => `${service}_${published}`

/** One route for each published port: on several addresses of the host it is one port inside the proxy. */
export const distinctRoutes = (routes: readonly Route[]) =>
  routes.filter(
    ({ published }, index) => routes.findIndex((other) => other.published === published) === index,
  )

/** Ports below 1024 need a privilege that the proxy does not have: inside its container it listens elsewhere. */
export const innerPort = (published: number) => (published < 1024 ? 64_000 + published : published)

/** `docker run --publish` value of a route. */
export const publish = (route: Route) =>
  `${route.hostIp === undefined ? "" : `${bracketed(route.hostIp)}:`}${route.published}:${innerPort(route.published)}`

const bracketed = (ip: string) => (ip.includes(":") ? `[${ip}]` : ip)

/**
 * The proxy's durable configuration: it names the committed release only. The running process is brought to the same
 * state by its runtime API and never reloaded: a reload leaves a worker behind that goes on serving kept connections
 * from the routes of its time.
 *
 * - A server is a DNS name that is unique to its release, since addresses change when a host or dockerd restarts, and
 *   the service's own name is also answered with containers that are not ready.
 * - A free slot has an address that nothing listens on, is disabled, and can be given a name at run time.
 * - There are no health checks after a deploy: taking the only server out would turn a slow answer into an outage, and a
 *   refused connection goes to another replica (`redispatch`).
 * - Every request gets a connection of its own to the app (`http-server-close`): a kept one may be closed by the app at
 *   the very moment a request goes out, and that request could not be repeated safely.
 */
export function proxyConfig(routes: readonly Route[], servers: readonly Servers[]): string {
  const distinct = distinctRoutes(routes)
  const backends = distinct.map((route) =>
    backend(
      route,
      servers.find(({ service }) => service === route.service),
    ),
  )
  return [preamble, ...distinct.map(frontend), ...backends].join("\n")
}

const preamble = `# Written by Seamless.
global
  stats socket ipv4@127.0.0.1:65535 level admin expose-fd listeners
  log stdout format raw local0 warning

defaults
  mode http
  log global
  balance roundrobin
  option forwardfor
  option http-server-close
  option redispatch
  retries 3
  retry-on conn-failure
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 24h
  timeout http-request 30s
  timeout http-keep-alive 75s

resolvers docker
  nameserver dns 127.0.0.11:53
  hold valid 1s
`

function frontend(route: Route): string {
  const name = backendName(route)
  return `frontend ${name}\n  bind :${innerPort(route.published)}\n  default_backend ${name}\n`
}

function backend(route: Route, servers: Servers | undefined): string {
  const lines = (["a", "b"] as const).flatMap((slots) => slotLines(route, slots, servers))
  return `${[`backend ${backendName(route)}`, ...lines].join("\n")}\n`
}

function slotLines({ service, target }: Route, slots: Slots, servers: Servers | undefined): string[] {
  const name = `${slots}.${service}.`
  const taken = servers?.slots === slots ? servers.replicas : 0
  const line = (first: number, last: number, rest: string) =>
    first > last ? [] : [`  server-template ${name} ${first}-${last} ${rest}`]
  return [
    ...line(1, taken, `${servers?.alias}:${target} resolvers docker init-addr last,libc,none`),
    ...line(taken + 1, slotCount, "127.0.0.1:1 resolvers docker disabled"),
  ]
}
