import type { Desired } from "../desired.ts"
import { formatDuration } from "../duration.ts"
import type { HostState } from "../host-state.ts"
import { proxyOf } from "../ports.ts"
import { type Replacement, restoredFrom } from "../replacement.ts"
import type { Step } from "../step.ts"
import { ids, seconds } from "./args.ts"

// Steps until everything is there that the new version needs.

export function expectStep({ service, old, stopped }: Replacement): Step[] {
  const count = old.length + stopped.length
  const sentence =
    count === 0
      ? `Check that ${service} still has no container`
      : `Check that ${service} still has the ${count} container${count > 1 ? "s" : ""} seen`
  return [{ verb: "expect", sentence, args: [service, ids([...old, ...stopped])] }]
}

/** A hook that is not there makes no step. */
export function hookStep({ hooks }: HostState, name: string): Step[] {
  if (!hooks.includes(name)) return []
  return [{ verb: "hook", sentence: `Run the hook ${name}`, args: [name, hookSeconds] }]
}

/** A hook that hangs must not hold the lock for ever; the agent gives after-revert the same time. */
const hookSeconds = "300"

export function diskStep({ repository, digest, diskReserve, keep }: Desired): Step {
  return {
    verb: "disk",
    sentence: `Check that the disk has room for the image and ${diskReserve} MB more`,
    args: [repository, digest, String(diskReserve), String(keep)],
  }
}

export function pullStep({ repository, tag, digest }: Desired): Step {
  const image = `${repository}@${digest}`
  return {
    verb: "pull",
    sentence: `Pull ${repository}:${tag} by its digest, unless it is on the host`,
    args: [image],
  }
}

/** Before anything stops: a download must not fall into the gap of an adoption. */
export function proxyImageStep(state: HostState, project: string, { proxyImage }: Desired): Step[] {
  if (proxyOf(state, project) !== undefined) return []
  return [
    {
      verb: "pull",
      sentence: `Pull the proxy's image ${proxyImage}, unless it is on the host`,
      args: [proxyImage],
    },
  ]
}

/** The configuration is kept with its values, for the user of the host alone: a rollback needs those of its time. */
export function configStep(state: HostState, desired: Desired, replacements: readonly Replacement[]): Step {
  const origin = restoredFrom(state, desired, replacements)
  if (origin === undefined)
    return { verb: "keep_config", sentence: "Keep the Compose configuration for a rollback", args: [] }
  return {
    verb: "restore_config",
    sentence: `Restore the Compose configuration of release ${origin}`,
    args: [String(origin)],
  }
}

/** A migration runs once: in the image and with the environment of the first service. */
export function migrateStep([first]: readonly Replacement[], { migrate, migrateTimeout }: Desired): Step[] {
  if (first === undefined || migrate === undefined) return []
  const { service } = first
  const sentence = `Migrate: run ${migrate} once in the new image of ${service}, within ${formatDuration(migrateTimeout)}; this is never undone`
  return [{ verb: "migrate", sentence, args: [service, seconds(migrateTimeout), migrate] }]
}
