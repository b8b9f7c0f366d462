import type { Desired } from "../desired.ts"
import { formatDuration } from "../duration.ts"
import { backendName, distinctRoutes, innerPort, type Route } from "../proxy-config.ts"
import type { Replacement } from "../replacement.ts"
import type { Step } from "../step.ts"
import { seconds } from "./args.ts"

// Steps from ready to soaked: both versions run.

export function readyStep(
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

export function switchStep({ service }: Replacement): Step[] {
  return [
    {
      verb: "switch",
      sentence: `Switch: new requests for ${service} go to the new version`,
      args: [service],
    },
  ]
}

export function publicStep({ service, routes, health }: Replacement, { publicTimeout }: Desired): Step[] {
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

export function drainStep({ service, old }: Replacement, { drainTimeout }: Desired): Step[] {
  if (old.length === 0) return []
  return [
    {
      verb: "drain",
      sentence: `Drain the old ${service}: requests in flight end, within ${formatDuration(drainTimeout)}`,
      args: [service, seconds(drainTimeout)],
    },
  ]
}

export function soakStep({ service, soak, health }: Replacement, { errorRate }: Desired): Step[] {
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
