import type { Desired } from "./desired.ts"
import { formatDuration } from "./duration.ts"
import { InputError } from "./errors.ts"
import type { Container, HostState } from "./host-state.ts"
import { isContainerOf, proxyOf, publishedPorts } from "./ports.ts"
import { backendName, distinctRoutes, innerPort, publish, type Route } from "./proxy-config.ts"
import { alias, nextRelease, type Replacement, restoredFrom } from "./replacement.ts"
import type { Step } from "./step.ts"

/**
 * The steps in their order: whatever can fail comes before the switch, what could lose a request before the commit, and
 * the old version is stopped last.
 *
 * @throws InputError when the old version holds its ports itself and a gap is not allowed.
 */
export function rolloutSteps(
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
    ...hookStep(state, "before-deploy"),
    diskStep(desired),
    pullStep(desired),
    ...proxyImageStep(state, project, desired),
    ...dependencyStep(state, project, replacements),
    configStep(state, desired, replacements),
    ...each((replacement) => migrateStep(replacement, desired)),
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
    ...hookStep(state, "before-switch"),
    ...each(switchStep),
    ...each((replacement) => publicStep(replacement, desired)),
    ...each((replacement) => drainStep(replacement, desired)),
    ...each((replacement) => soakStep(replacement, desired)),
    ...each(restartPolicyStep),
    {
      verb: "commit",
      sentence: "Commit: from here on this release is the one that serves after a restart",
      args: [],
    },
    ...each(retireStep),
    envStep(state, desired),
    ...each(stopStep),
    pruneStep(desired),
    ...hookStep(state, "after-commit"),
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

/** A hook that is not there makes no step. */
function hookStep({ hooks }: HostState, name: string): Step[] {
  if (!hooks.includes(name)) return []
  return [{ verb: "hook", sentence: `Run the hook ${name}`, args: [name, hookSeconds] }]
}

/** A hook that hangs must not hold the lock for ever; the agent gives after-revert the same time. */
const hookSeconds = "300"

function diskStep({ repository, digest, diskReserve, keep }: Desired): Step {
  return {
    verb: "disk",
    sentence: `Check that the disk has room for the image and ${diskReserve} MB more`,
    args: [repository, digest, String(diskReserve), String(keep)],
  }
}

/** The configuration is kept with its values, for the user of the host alone: a rollback needs those of its time. */
function configStep(state: HostState, desired: Desired, replacements: readonly Replacement[]): Step {
  const origin = restoredFrom(state, desired, replacements)
  if (origin === undefined)
    return { verb: "keep_config", sentence: "Keep the Compose configuration for a rollback", args: [] }
  return {
    verb: "restore_config",
    sentence: `Restore the Compose configuration of release ${origin}`,
    args: [String(origin)],
  }
}

function migrateStep({ service, migrate }: Replacement, { migrateTimeout }: Desired): Step[] {
  if (migrate === undefined) return []
  const sentence = `Migrate: run ${migrate} once in the new image of ${service}, within ${formatDuration(migrateTimeout)}; this is never undone`
  return [{ verb: "migrate", sentence, args: [service, seconds(migrateTimeout), migrate] }]
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

/** Without an old version too: one that died has left its slots, and the proxy may have started anew before COMMIT. */
function retireStep({ service, old }: Replacement): Step[] {
  const sentence =
    old.length === 0
      ? `Check that the proxy serves nothing but the new ${service}`
      : `Take the old ${service} out of the proxy`
  return [{ verb: "retire", sentence, args: [service] }]
}

function stopStep({ service, stopGrace, old }: Replacement): Step[] {
  if (old.length === 0) return []
  const sentence = `Stop the old ${service} with its grace period of ${formatDuration(stopGrace)}, and remove it`
  return [{ verb: "stop_old", sentence, args: [service, seconds(stopGrace), ids(old)] }]
}

function pruneStep({ repository, keep }: Desired): Step {
  const sentence =
    keep === 1
      ? "Remove the images of earlier releases"
      : `Remove the images that none of the last ${keep} releases needs`
  return { verb: "prune", sentence, args: [repository, String(keep)] }
}
