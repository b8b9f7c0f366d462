import type { Desired } from "../desired.ts"
import { formatDuration } from "../duration.ts"
import type { HostState } from "../host-state.ts"
import { holdsPorts } from "../ports.ts"
import type { Replacement } from "../replacement.ts"
import type { Step } from "../step.ts"
import { ids, seconds } from "./args.ts"

// Steps around the commit, and what clears away afterwards.

export function restartPolicyStep({ service, restart }: Replacement): Step[] {
  if (restart === "no") return []
  return [
    {
      verb: "restart_policy",
      sentence: `Give ${service} its restart policy, ${restart}`,
      args: [service, restart],
    },
  ]
}

/** Ends an adoption: what held the ports itself before, with the grace period of its service. */
export function holdPortsStep(adopted: readonly Replacement[]): Step[] {
  if (adopted.length === 0) return []
  const args = adopted.flatMap(({ stopGrace, old }) => [seconds(stopGrace), ids(old.filter(holdsPorts))])
  const sentence = "Hand the published ports to the proxy for good: it comes back with the host"
  return [{ verb: "hold_ports", sentence, args }]
}

/** Without an old version too: one that died has left its slots, and the proxy may have started anew before COMMIT. */
export function retireStep({ service, old }: Replacement): Step[] {
  const sentence =
    old.length === 0
      ? `Check that the proxy serves nothing but the new ${service}`
      : `Take the old ${service} out of the proxy`
  return [{ verb: "retire", sentence, args: [service] }]
}

export function envStep(state: HostState, { tag, tagVariable }: Desired): Step {
  const files = [...state.files, ".seamless/releases/current/compose.yml"].join(state.separator)
  return {
    verb: "env",
    sentence: `Write ${tagVariable}=${tag} to .env`,
    args: [tagVariable, tag, "COMPOSE_FILE", files],
  }
}

export function stopStep({ service, stopGrace, old }: Replacement): Step[] {
  if (old.length === 0) return []
  const sentence = `Stop the old ${service} with its grace period of ${formatDuration(stopGrace)}, and remove it`
  return [{ verb: "stop_old", sentence, args: [service, seconds(stopGrace), ids(old)] }]
}

export function pruneStep({ repository, keep }: Desired): Step {
  const sentence =
    keep === 1
      ? "Remove the images of earlier releases"
      : `Remove the images that none of the last ${keep} releases needs`
  return { verb: "prune", sentence, args: [repository, String(keep)] }
}
