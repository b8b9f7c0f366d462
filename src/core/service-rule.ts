import { type ComposeConfig, type ComposeService, type Port, replicas } from "./compose.ts"
import type { Desired } from "./desired.ts"
import { parseDuration } from "./duration.ts"
import { InputError } from "./errors.ts"
import { type Route, slotCount } from "./proxy-config.ts"
import { sameRepository } from "./reference.ts"

/** Which answer of the app is a healthy one. */
export interface HealthCheck {
  path: string
  status: number
  /** Port in the container. */
  port: number
}

/** How one service is replaced, and what the Compose file says of it. Times are in milliseconds. */
export interface ServiceRule {
  service: string
  replicas: number
  routes: Route[]
  health: HealthCheck
  soak: number
  stopGrace: number
  restart: string
  dependsOn: string[]
  /** Key of the network that it will share with the proxy, and the network's name in Docker. */
  network: { key: string; name: string }
  /** Why this rule: a sentence for the plan. */
  why: string
}

/** Docker's own defaults (`docker service create --help`, Compose specification). */
const defaultMonitor = 5_000
const defaultStopGrace = 10_000

/**
 * The services that a deploy replaces: those named, else all whose image is in the repository.
 *
 * @throws InputError when a named service is not there or runs another image, or when none is found.
 */
export function selectServices(
  config: ComposeConfig,
  { repository, services }: Pick<Desired, "repository" | "services">,
): string[] {
  const known = Object.keys(config.services)
  const ours = known.filter((name) => runsRepository(config.services[name], repository))
  for (const [index, name] of services.entries()) {
    const path = `services[${index}]`
    if (!known.includes(name)) {
      throw new InputError(
        path,
        `the Compose file has no service ${JSON.stringify(name)}`,
        `it has ${known.join(", ")}`,
      )
    }
    if (!ours.includes(name)) {
      const image = config.services[name]?.image ?? "no image"
      throw new InputError(
        path,
        `the service ${name} runs ${image}, not ${repository}`,
        "correct --services or --repository",
      )
    }
  }
  if (ours.length === 0) {
    const images = known
      .map((name) => `${name}: ${config.services[name]?.image ?? "build: without image:"}`)
      .join(", ")
    const hint = `write image: ${repository}:\${IMAGE_TAG} for the service (found ${images})`
    throw new InputError("repository", `no service of the Compose file runs ${repository}`, hint)
  }
  return services.length > 0 ? services : ours
}

function runsRepository(service: ComposeService | undefined, repository: string): boolean {
  if (service?.image === undefined) return false
  try {
    return sameRepository(service.image.replace(/@.*$/, "").replace(/:[^:/]*$/, ""), repository)
  } catch {
    return false
  }
}

/**
 * The rule for one service. Only one rule exists so far: an HTTP service with published TCP ports is started next to the
 * old version, behind the proxy (start-first). Every other kind is refused here, before anything has changed.
 *
 * @throws InputError naming the service and what about it has no rule yet.
 */
export function serviceRule(config: ComposeConfig, name: string, desired: Desired): ServiceRule {
  const service = config.services[name] as ComposeService
  const kind = unsupported(service)
  if (kind !== undefined) {
    const hint =
      "only HTTP services with published TCP ports and no data of their own can be replaced so far; leave it out with --services"
    throw new InputError(`services.${name}`, kind, hint)
  }
  const routes = (service.ports ?? []).map((port) => route(name, port))
  const update = service.deploy?.update_config
  const monitor =
    update?.monitor === undefined
      ? defaultMonitor
      : parseDuration(update.monitor, `services.${name}.deploy.update_config.monitor`)
  const soak = update?.failure_action === "continue" ? 0 : (desired.soak ?? monitor)
  const grace = service.stop_grace_period
  const stopGrace =
    grace === undefined ? defaultStopGrace : parseDuration(grace, `services.${name}.stop_grace_period`)
  const { path, status, port = routes[0]?.target ?? 0 } = desired.health
  return {
    service: name,
    replicas: replicas(service),
    routes,
    health: { path, status, port },
    soak,
    stopGrace,
    restart: service.restart ?? "no",
    dependsOn: Object.keys(service.depends_on ?? {}),
    network: sharedNetwork(config, name, service),
    why: `${name} publishes ${routes.map(({ published }) => published).join(", ")}: the new version starts next to the old one, behind the proxy`,
  }
}

function unsupported(service: ComposeService): string | undefined {
  const { ports = [], deploy, volumes, network_mode, networks } = service
  if (network_mode !== undefined) return `it uses network_mode: ${network_mode}`
  if (ports.length === 0) return "it publishes no port"
  const udp = ports.find(({ protocol }) => protocol !== undefined && protocol !== "tcp")
  if (udp !== undefined) return `its port ${udp.target} is ${udp.protocol}`
  const random = ports.find(({ published }) => published === undefined || !/^\d+$/.test(published))
  if (random !== undefined) return `its port ${random.target} is not published on one fixed port`
  if (ports.some(({ published }) => Number(published) >= 64_000))
    return "it publishes a port from 64000 on, where the proxy's own begin"
  if (deploy?.mode === "global") return "it has deploy.mode: global"
  if (deploy?.update_config?.order === "stop-first") return "it asks for update_config.order: stop-first"
  if (replicas(service) < 1) return "it has no replicas"
  if (replicas(service) > slotCount) return `it has more than ${slotCount} replicas`
  const volume = volumes?.find(({ type, source }) => type === "volume" && source !== undefined)
  if (volume !== undefined && replicas(service) === 1)
    return `it keeps data in the volume ${volume.source} with one replica`
  const fixed = Object.values(networks ?? {}).find(
    (network) => network?.ipv4_address ?? network?.ipv6_address,
  )
  if (fixed != null) return `it has the fixed address ${fixed.ipv4_address ?? fixed.ipv6_address}`
  return undefined
}

function route(service: string, { target, published, host_ip }: Port): Route {
  return {
    service,
    target,
    published: Number(published),
    ...(host_ip === undefined ? {} : { hostIp: host_ip }),
  }
}

function sharedNetwork(
  config: ComposeConfig,
  name: string,
  { networks }: ComposeService,
): ServiceRule["network"] {
  const keys = Object.keys(networks ?? { default: null })
  const key = keys.find((candidate) => config.networks[candidate]?.internal !== true)
  if (key === undefined) {
    const hint =
      "attach the service to one network that is not internal, so that the proxy can publish its ports"
    throw new InputError(
      `services.${name}.networks`,
      `all its networks are internal (${keys.join(", ")})`,
      hint,
    )
  }
  return { key, name: config.networks[key]?.name ?? `${config.name}_${key}` }
}
