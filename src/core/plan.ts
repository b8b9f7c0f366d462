import type { Desired } from "./desired.ts"
import { formatDuration } from "./duration.ts"
import { InputError } from "./errors.ts"
import type { Container, HostState, Run } from "./host-state.ts"
import { overrideFile } from "./override.ts"
import { checkPorts, isContainerOf, proxyOf, publishedPorts } from "./ports.ts"
import { checkHost } from "./preflight.ts"
import {
  backendName,
  distinctRoutes,
  innerPort,
  proxyConfig,
  publish,
  type Route,
  type Slots,
} from "./proxy-config.ts"
import { type ServiceRule, selectServices, serviceRule } from "./service-rule.ts"
import { encodeSteps, type Step } from "./step.ts"
import { oneLine } from "./text.ts"

/** What is going to happen on one host. */
export interface Plan {
  project: string
  directory: string
  /** Number that the release gets. */
  release: number
  services: string[]
  /** Which rule each service gets and why. */
  rules: string[]
  warnings: string[]
  /** In this order; none when what is wanted already runs. */
  steps: Step[]
  /** What the agent gets beside its own text, by name. */
  files: Record<string, string>
}

/** One service with the containers that it has now. */
interface Replacement extends ServiceRule {
  old: Container[]
  stopped: Container[]
}

/**
 * The steps that make a host run what is desired, in the order that loses no request: start next to the old version,
 * ready, switch, confirm, drain, soak, commit, and only then stop the old one.
 *
 * @throws InputError for everything that the rollout would trip over: nothing has changed by then.
 */
export function planRollout(state: HostState, desired: Desired, projectDir: string): Plan {
  const { directory, config } = checkHost(state, desired, projectDir)
  const project = config.name
  const replacements = selectServices(config, desired).map((name): Replacement => {
    const own = state.containers.filter((container) => isContainerOf(container, project, name))
    const running = (container: Container) => container.state === "running"
    return {
      ...serviceRule(config, name, desired),
      old: own.filter(running),
      stopped: own.filter((container) => !running(container)),
    }
  })
  const routes = replacements.flatMap((replacement) => replacement.routes)
  checkManaged(state, project, replacements)
  checkPorts(state, project, routes)
  const release = nextRelease(state)
  checkAliases(project, release, replacements)
  const draft = {
    project,
    directory,
    release,
    services: replacements.map(({ service }) => service),
    rules: replacements.map(({ why }) => why),
  }
  const hashes = draft.services.map((name) => `${name}=${state.hashes[name] ?? ""}`).join(" ")
  if (isRunning(state, desired, project, replacements, hashes))
    return { ...draft, warnings: [], steps: [], files: {} }
  const steps = rolloutSteps(state, desired, project, replacements)
  return {
    ...draft,
    warnings: warn(state, replacements),
    steps,
    files: {
      plan: encodeSteps(steps),
      settings: settings(state, desired, project, release, replacements),
      owner: oneLine(
        `${desired.kind} of ${desired.repository}:${desired.tag} by ${desired.by}, commit ${desired.commit || "unknown"}, since ${desired.at}`,
      ),
      facts: facts(desired, release, draft.services, hashes),
      "bootstrap.cfg": proxyConfig(routes, []),
      "release/compose.yml": overrideFile(
        replacements.map((replacement) => pinned(replacement, desired, project, release)),
      ),
      "release/haproxy.cfg": releaseProxyConfig(state, replacements, project, release),
      "release/slots": `${freeSlots(state)}\n`,
    },
  }
}

/** Releases are counted by host and project, failed ones too. */
const nextRelease = ({ runs, current = 0 }: HostState) =>
  Math.max(current, 0, ...runs.map(({ release }) => release)) + 1

const alias = (project: string, service: string, release: number) => `${project}-${service}-r${release}`

/** No DNS server can answer for a longer name: after a restart the proxy would find no version at all. */
function checkAliases(project: string, release: number, replacements: readonly Replacement[]): void {
  const long = replacements.find(({ service }) => alias(project, service, release).length > 63)
  if (long === undefined) return
  throw new InputError(
    `services.${long.service}`,
    `its name in the proxy, ${alias(project, long.service, release)}, is longer than the 63 characters of a DNS name`,
    "shorten the name of the service or of the project",
  )
}

const pinned = (
  { service, network }: Replacement,
  { repository, digest }: Desired,
  project: string,
  release: number,
) => ({
  service,
  image: `${repository}@${digest}`,
  release,
  network: network.key,
  alias: alias(project, service, release),
})

/** The set of slots that the current release leaves free. */
const freeSlots = ({ slots }: HostState): Slots => (slots === "a" ? "b" : "a")

function releaseProxyConfig(
  state: HostState,
  replacements: readonly Replacement[],
  project: string,
  release: number,
): string {
  const routes = replacements.flatMap((replacement) => replacement.routes)
  const servers = replacements.map(({ service, replicas }) => ({
    service,
    slots: freeSlots(state),
    replicas,
    alias: alias(project, service, release),
  }))
  return proxyConfig(routes, servers)
}

/** What is committed must be what the host shows: guessing here would cut a running version off. */
function checkManaged(state: HostState, project: string, replacements: readonly Replacement[]): void {
  const names = replacements.map(({ service }) => service)
  const committed = state.runs.find(
    ({ release, verdict }) => release === state.current && verdict === "deployed",
  )
  const forgotten = committed?.services.filter((service) => !names.includes(service)) ?? []
  if (forgotten.length > 0) {
    const hint =
      "deploy the services of one project together: leave --services out, and give them one repository"
    throw new InputError(
      "services",
      `${forgotten.join(", ")} would lose its route: the current release serves it too`,
      hint,
    )
  }
  if (proxyOf(state, project) !== undefined && state.slots === "") {
    const hint = `restore .seamless from a backup, or remove the proxy (docker rm -f ${proxyOf(state, project)?.name}) to begin anew with a gap`
    throw new InputError("projectDir", "the proxy runs, but the record of what it serves is gone", hint)
  }
  const networks = new Set(replacements.map(({ network }) => network.name))
  if (networks.size > 1) {
    throw new InputError(
      "services",
      `${names.join(", ")} share no network`,
      "attach them to one network that is not internal",
    )
  }
}

/** Same digest, same configuration, all of it running and reachable: nothing to do. */
function isRunning(
  state: HostState,
  desired: Desired,
  project: string,
  replacements: readonly Replacement[],
  hashes: string,
): boolean {
  const committed = committedRun(state)
  return (
    committed?.digest === desired.digest &&
    committed.tag === desired.tag &&
    committed.hashes === hashes &&
    proxyOf(state, project)?.state === "running" &&
    replacements.every(
      ({ old, stopped, replicas }) =>
        old.length === replicas &&
        stopped.length === 0 &&
        old.every(({ release }) => release === String(state.current)),
    )
  )
}

/** The run that made the current release. */
export const committedRun = ({ runs, current }: HostState): Run | undefined =>
  runs.find(({ release, verdict }) => release === current && verdict === "deployed")

function rolloutSteps(
  state: HostState,
  desired: Desired,
  project: string,
  replacements: readonly Replacement[],
): Step[] {
  const each = (steps: (replacement: Replacement) => Step[]) => replacements.flatMap(steps)
  const adopted =
    proxyOf(state, project) === undefined ? replacements.filter(({ old }) => old.some(holdsPorts)) : []
  if (adopted.length > 0 && !desired.allowGap) {
    const names = adopted.map(({ service }) => service).join(", ")
    const hint =
      "allow it once with --allow-gap: the old version is stopped before the proxy takes its ports; later deploys have no gap"
    throw new InputError(
      "services",
      `${names} holds its published ports itself, and a port has one owner`,
      hint,
    )
  }
  return [
    ...each(expectStep),
    pullStep(desired),
    ...proxyImageStep(state, project, desired),
    ...dependencyStep(state, project, replacements),
    ...each(removeStoppedStep),
    ...each((replacement) => startStep(replacement, desired)),
    ...adopted.flatMap((replacement) => releasePortsSteps(replacement, desired)),
    proxyStep(state, project, replacements),
    ...each((replacement) =>
      readyStep(replacement, desired, alias(project, replacement.service, nextRelease(state))),
    ),
    {
      verb: "proxy_config",
      sentence: "Check that the proxy accepts the configuration of this release",
      args: [],
    },
    ...each(switchStep),
    ...each((replacement) => publicStep(replacement, desired)),
    ...each((replacement) => drainStep(replacement, desired)),
    ...each((replacement) => soakStep(replacement, desired)),
    {
      verb: "commit",
      sentence: "Commit: from here on this release is the one that serves after a restart",
      args: [],
    },
    ...each(restartPolicyStep),
    ...each(retireStep),
    envStep(state, desired),
    ...each(stopStep),
  ]
}

const holdsPorts = (container: Container) => publishedPorts(container).length > 0
const ids = (containers: readonly Container[]) =>
  containers.length === 0
    ? "-"
    : containers
        .map(({ id }) => id)
        .sort()
        .join(",")
const seconds = (ms: number) => String(Math.ceil(ms / 1000))

function expectStep({ service, old, stopped }: Replacement): Step[] {
  const count = old.length + stopped.length
  const sentence =
    count === 0
      ? `Check that ${service} still has no container`
      : `Check that ${service} still has the ${count} container${count > 1 ? "s" : ""} seen`
  return [{ verb: "expect", sentence, args: [service, ids([...old, ...stopped])] }]
}

function pullStep({ repository, tag, digest }: Desired): Step {
  const image = `${repository}@${digest}`
  return {
    verb: "pull",
    sentence: `Pull ${repository}:${tag} by its digest, unless it is on the host`,
    args: [image],
  }
}

/** Before anything stops: a download must not fall into the gap of an adoption. */
function proxyImageStep(state: HostState, project: string, { proxyImage }: Desired): Step[] {
  if (proxyOf(state, project) !== undefined) return []
  return [
    {
      verb: "pull",
      sentence: `Pull the proxy's image ${proxyImage}, unless it is on the host`,
      args: [proxyImage],
    },
  ]
}

function dependencyStep(state: HostState, project: string, replacements: readonly Replacement[]): Step[] {
  const own = replacements.map(({ service }) => service)
  const wanted = [...new Set(replacements.flatMap(({ dependsOn }) => dependsOn))].filter(
    (name) => !own.includes(name),
  )
  const missing = wanted.filter(
    (name) =>
      !state.containers.some(
        (container) => isContainerOf(container, project, name) && container.state === "running",
      ),
  )
  if (missing.length === 0) return []
  return [
    {
      verb: "dependencies",
      sentence: `Start ${missing.join(", ")}, which ${own.join(", ")} depends on`,
      args: missing,
    },
  ]
}

function removeStoppedStep({ service, stopped }: Replacement): Step[] {
  if (stopped.length === 0) return []
  return [
    {
      verb: "remove_stopped",
      sentence: `Remove ${stopped.length} container(s) of ${service} that do not run`,
      args: [service, ids(stopped)],
    },
  ]
}

function startStep({ service, replicas, old }: Replacement, { tag }: Desired): Step[] {
  const beside = old.length === 0 ? "" : ` next to the ${old.length} that serve`
  const sentence = `Start ${replicas} container${replicas > 1 ? "s" : ""} of ${service} ${tag}${beside}`
  return [{ verb: "start", sentence, args: [service, String(replicas + old.length)] }]
}

function releasePortsSteps({ service, stopGrace, old }: Replacement, { readyTimeout }: Desired): Step[] {
  const grace = seconds(stopGrace)
  return [
    {
      verb: "booted",
      sentence: `Wait until ${service} passes its own health check`,
      args: [service, seconds(readyTimeout)],
    },
    {
      verb: "release_ports",
      sentence: `Stop the old ${service}, which holds the published ports itself: requests fail until the switch`,
      args: [service, grace, old[0]?.restart || "no", ids(old)],
    },
  ]
}

function proxyStep(state: HostState, project: string, replacements: readonly Replacement[]): Step {
  const routes = replacements.flatMap((replacement) => replacement.routes)
  const ports = routes.map(({ published }) => published).join(", ")
  const sentence =
    proxyOf(state, project) === undefined
      ? `Start the proxy, which owns the ports ${ports} from now on`
      : "Check that the proxy answers"
  return { verb: "proxy", sentence, args: routes.map(publish) }
}

function readyStep(
  { service, routes, health }: Replacement,
  { readyTimeout, health: { count } }: Desired,
  name: string,
): Step[] {
  const sentence = `Wait until ${service} is ready: ${count} answers ${health.status} in a row on ${health.path}, within ${formatDuration(readyTimeout)}`
  const backends = distinctRoutes(routes).map((route) => `${backendName(route)}:${route.target}`)
  return [
    {
      verb: "ready",
      sentence,
      args: [
        service,
        String(count),
        seconds(readyTimeout),
        String(health.port),
        health.path,
        String(health.status),
        name,
        ...backends,
      ],
    },
  ]
}

function switchStep({ service }: Replacement): Step[] {
  return [
    {
      verb: "switch",
      sentence: `Switch: new requests for ${service} go to the new version`,
      args: [service],
    },
  ]
}

function publicStep({ service, routes, health }: Replacement, { publicTimeout }: Desired): Step[] {
  const checked = routes.filter(({ target }) => target === health.port)
  return checked.map((route) => ({
    verb: "public",
    sentence: `Check ${service} through the published port ${route.published}`,
    args: [
      reachable(route),
      String(route.published),
      String(innerPort(route.published)),
      health.path,
      String(health.status),
      seconds(publicTimeout),
    ],
  }))
}

/** Where the host itself reaches a published port. */
const reachable = ({ hostIp }: Route) =>
  hostIp === undefined || hostIp === "0.0.0.0" || hostIp === "::" ? "127.0.0.1" : hostIp

function drainStep({ service, old }: Replacement, { drainTimeout }: Desired): Step[] {
  if (old.length === 0) return []
  return [
    {
      verb: "drain",
      sentence: `Drain the old ${service}: requests in flight end, within ${formatDuration(drainTimeout)}`,
      args: [service, seconds(drainTimeout)],
    },
  ]
}

function soakStep({ service, soak, health }: Replacement, { errorRate }: Desired): Step[] {
  if (soak === 0) return []
  const sentence = `Watch ${service} for ${formatDuration(soak)} with the old version still running`
  return [
    {
      verb: "soak",
      sentence,
      args: [
        service,
        seconds(soak),
        String(errorRate),
        String(health.port),
        health.path,
        String(health.status),
      ],
    },
  ]
}

function restartPolicyStep({ service, restart }: Replacement): Step[] {
  if (restart === "no") return []
  return [
    {
      verb: "restart_policy",
      sentence: `Give ${service} its restart policy, ${restart}`,
      args: [service, restart],
    },
  ]
}

function envStep(state: HostState, { tag, tagVariable }: Desired): Step {
  const files = [...state.files, ".seamless/releases/current/compose.yml"].join(state.separator)
  return {
    verb: "env",
    sentence: `Write ${tagVariable}=${tag} to .env`,
    args: [tagVariable, tag, "COMPOSE_FILE", files],
  }
}

function retireStep({ service, old }: Replacement): Step[] {
  if (old.length === 0) return []
  return [{ verb: "retire", sentence: `Take the old ${service} out of the proxy`, args: [service] }]
}

function stopStep({ service, stopGrace, old }: Replacement): Step[] {
  if (old.length === 0) return []
  const sentence = `Stop the old ${service} with its grace period of ${formatDuration(stopGrace)}, and remove it`
  return [{ verb: "stop_old", sentence, args: [service, seconds(stopGrace), ids(old)] }]
}

function warn(state: HostState, replacements: readonly Replacement[]): string[] {
  const warnings = []
  const names = replacements.map(({ service }) => service)
  const callers = Object.entries(state.config?.services ?? {}).filter(
    ([name, { depends_on }]) =>
      !names.includes(name) && Object.keys(depends_on ?? {}).some((dependency) => names.includes(dependency)),
  )
  for (const [name] of callers)
    warnings.push(
      `${name} may call ${names.join(", ")} by its service name: Docker answers with the new version before it is ready`,
    )
  if (state.lock !== undefined) warnings.push(`another rollout holds the lock now: ${state.lock}`)
  if (state.runs.some(({ verdict }) => verdict === "unfinished"))
    warnings.push("an earlier rollout was interrupted; it is brought to an end first")
  return warnings
}

/** The agent's settings: NAME=value, a line each. */
function settings(
  state: HostState,
  desired: Desired,
  project: string,
  release: number,
  replacements: readonly Replacement[],
): string {
  const values = {
    PROJECT: project,
    RELEASE: String(release),
    SLOTS: freeSlots(state),
    OLD_SLOTS: freeSlots(state) === "a" ? "b" : "a",
    PROXY: `${project}-seamless-proxy`,
    PROXY_IMAGE: desired.proxyImage,
    NETWORK: replacements[0]?.network.name ?? "",
    TAG_VARIABLE: desired.tagVariable,
    TAG: desired.tag,
    BASE_FILES: state.files.join(":"),
    ENV_FILE: desired.envFile ?? "",
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")
}

/** The record of the run: a fact a line. */
function facts(desired: Desired, release: number, services: readonly string[], hashes: string): string {
  const { kind, repository, tag, digest, by, commit, at } = desired
  const values = {
    release: String(release),
    kind,
    repository,
    tag,
    digest,
    services: services.join(" "),
    hashes,
    by,
    commit,
    at,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name} ${oneLine(value)}\n`)
    .join("")
}
