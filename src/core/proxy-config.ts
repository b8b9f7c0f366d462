/** A published port as the proxy serves it. */
export interface Route {
  service: string
  /** Address and port on the host, as the Compose file publishes them. */
  hostIp?: string
  published: number
  /** Port in the service's container. */
  target: number
}

/** The servers of a service in one release. */
export interface Servers {
  service: string
  release: number
  replicas: number
  /** Name that Docker's DNS answers with the containers of this release alone. */
  alias: string
}

/** Which answer of the health path is good. */
export interface HealthCheck {
  path: string
  status: number
  /** Port in the container. */
  port: number
}

/** Name of the proxy's backend for a published port. */
export const backendName = ({ service, published }: Route) => `${service}_${published}`

/** Ports below 1024 need a privilege that the proxy does not have: inside its container it listens elsewhere. */
export const innerPort = (published: number) => (published < 1024 ? 64_000 + published : published)

/** `docker run --publish` value of a route. */
export const publish = (route: Route) =>
  `${route.hostIp === undefined ? "" : `${bracketed(route.hostIp)}:`}${route.published}:${innerPort(route.published)}`

const bracketed = (ip: string) => (ip.includes(":") ? `[${ip}]` : ip)

/**
 * The proxy's durable configuration: it names committed releases only.
 *
 * - A server is a DNS name that is unique to its release, since addresses change when a host or dockerd restarts, and
 *   the service's own name is also answered with containers that are not ready.
 * - With one replica there is no check: taking the only server out would turn a slow answer into an outage.
 * - Every request gets a connection of its own to the app (`http-server-close`): a kept one may be closed by the app at
 *   the very moment a request goes out, and that request could not be repeated safely.
 * - Idle clients stay connected through a reload until their next answer (`idle-close-on-response`).
 */
export function proxyConfig(
  routes: readonly Route[],
  servers: readonly Servers[],
  health: ReadonlyMap<string, HealthCheck>,
): string {
  const sections = [preamble, ...routes.map(frontend)]
  for (const route of routes) {
    const own = servers.find(({ service }) => service === route.service)
    sections.push(backend(route, own, health.get(route.service)))
  }
  return sections.join("\n")
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
  option idle-close-on-response
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

function backend(route: Route, servers: Servers | undefined, health: HealthCheck | undefined): string {
  const lines = [`backend ${backendName(route)}`]
  if (servers !== undefined) lines.push(...serverLines(route, servers, health))
  return `${lines.join("\n")}\n`
}

function serverLines(
  { target }: Route,
  { service, release, replicas, alias }: Servers,
  health: HealthCheck | undefined,
): string[] {
  const resolve = "resolvers docker init-addr last,libc,none"
  if (replicas === 1) return [`  server r${release}.${service}.1 ${alias}:${target} ${resolve}`]
  const check = health === undefined ? "" : ` check port ${health.port} inter 1s rise 2 fall 3`
  return [
    ...(health === undefined
      ? []
      : [`  option httpchk GET ${health.path}`, `  http-check expect status ${health.status}`]),
    `  server-template r${release}.${service}. ${replicas} ${alias}:${target}${check} ${resolve}`,
  ]
}
