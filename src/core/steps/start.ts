import type { Desired } from "../desired.ts"
import type { HostState } from "../host-state.ts"
import { holdsPorts, isContainerOf, proxyOf } from "../ports.ts"
import { publish } from "../proxy-config.ts"
import type { Replacement } from "../replacement.ts"
import type { Step } from "../step.ts"
import { ids, seconds } from "./args.ts"

// Steps that start the new version, what it depends on, and the proxy.

export function dependencyStep(
  state: HostState,
  project: string,
  replacements: readonly Replacement[],
): Step[] {
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

export function removeStoppedStep({ service, stopped }: Replacement): Step[] {
  if (stopped.length === 0) return []
  return [
    {
      verb: "remove_stopped",
      sentence: `Remove ${stopped.length} container(s) of ${service} that do not run`,
      args: [service, ids(stopped)],
    },
  ]
}

export function startStep({ service, replicas, old }: Replacement, { tag }: Desired): Step[] {
  const beside = old.length === 0 ? "" : ` next to the ${old.length} that serve`
  const sentence = `Start ${replicas} container${replicas > 1 ? "s" : ""} of ${service} ${tag}${beside}`
  return [{ verb: "start", sentence, args: [service, String(replicas + old.length)] }]
}

export function releasePortsSteps(
  { service, stopGrace, old }: Replacement,
  { readyTimeout }: Desired,
): Step[] {
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
      args: [service, grace, ids(old.filter(holdsPorts))],
    },
  ]
}

/** Until an adoption is committed its proxy does not come back with the host: the old version does. */
export function proxyStep(
  state: HostState,
  project: string,
  replacements: readonly Replacement[],
  adopted: readonly Replacement[],
): Step {
  const routes = replacements.flatMap((replacement) => replacement.routes)
  const policy = adopted.length > 0 ? "no" : "unless-stopped"
  const ports = routes.map(({ published }) => published).join(", ")
  const sentence =
    proxyOf(state, project) === undefined || adopted.length > 0
      ? `Start the proxy, which owns the ports ${ports} from now on`
      : "Check that the proxy answers"
  return { verb: "proxy", sentence, args: [policy, ...routes.map(publish)] }
}
