import type { Slots } from "../../../src/core/proxy-config.ts"
import { type Action, inProxy, type Job, lookInProxy, type Program } from "./action.ts"
import { candidates } from "./containers.ts"
import { boxesOf, isRunning, type Live, type Slot } from "./host.ts"
import { restartOwner } from "./owner.ts"

const slotsOf = (live: Live, service: string, set: Slots): Slot[] => live[service]?.[set] ?? []

/** "free", or the state that the taken slots of a set get. */
export type Change = [state: Slot["state"] | "free", set: Slots]

/** The runtime API changes several sets in one call, unless something is in the way. */
export const setServers = (
  name: string,
  service: string,
  changes: Change[],
  mayGo: (live: Live) => boolean = () => true,
): Action =>
  inProxy(`${name} ${service}`, (live) => {
    if (!mayGo(live)) return false
    for (const [state, set] of changes) setState(live, service, set, state)
    return true
  })

/** To a set that is not there, or whose containers have stopped, nothing is switched. */
export const switchTo = (job: Job, service: string): Action =>
  setServers(
    "switch",
    service,
    [
      ["ready", job.slots],
      ["drain", job.oldSlots],
    ],
    (live) => isTaken(live, service, job.slots) && candidates(job, service).every(isRunning),
  )

function setState(live: Live, service: string, set: Slots, state: Change[0]): void {
  const sets = live[service]
  if (sets === undefined) return
  sets[set] = state === "free" ? [] : sets[set].map((slot) => ({ ...slot, state }))
}

/** Each new container takes a slot, in its turn; one that has stopped has no address. What is in a further slot stays. */
export const takeSlots = (job: Job, service: string): Action =>
  inProxy(`take slots for ${service}`, (live) => {
    const slots = slotsOf(live, service, job.slots)
    if (!candidates(job, service).every(isRunning)) return false
    for (const index of candidates(job, service).keys())
      slots[index] = { release: job.release, state: "maint" }
    return true
  })

/** Waiting until nothing is in flight; the deadline cuts the rest. On a version that gets new requests that would never end. */
export const drain = (service: string, set: Slots, inFavour?: Slots): Action =>
  lookInProxy(`drain ${service}`, (live, host) => {
    if (inFavour !== undefined && slotsOf(live, service, inFavour).length === 0) return false
    if (slotsOf(live, service, set).some(({ state }) => state === "ready"))
      host.wrongs.push(`requests of ${service} are cut on the version that serves`)
    return true
  })

/** Whether all slots of a set are taken by containers that run. */
export const serves = (job: Job, service: string): Action =>
  lookInProxy(`watch ${service}`, (live) => {
    const boxes = candidates(job, service)
    return slotsOf(live, service, job.slots).length > 0 && boxes.length > 0 && boxes.every(isRunning)
  })

/** Whether the proxy knows a set at all. */
export const isTaken = (live: Live, service: string, set: Slots) => slotsOf(live, service, set).length > 0

/** What an earlier run may have left in a set goes; a proxy that serves from it does not serve what is durable. */
export function* clearSlots(service: string, set: Slots): Program {
  let serves = false
  const asked = yield lookInProxy(`look for traffic of ${service}`, (live) => {
    serves = slotsOf(live, service, set).some(({ state }) => state === "ready")
    return true
  })
  if (!asked) return false
  return serves ? yield restartOwner : yield setServers("free the slots", service, [["free", set]])
}

/** Someone answers behind every published port. */
export const publicAnswer: Action = lookInProxy("ask the published port", (live, host) =>
  Object.entries(live).every(([service, { a, b }]) => {
    const ready = [...a, ...b].filter(({ state }) => state === "ready").map(({ release }) => String(release))
    return boxesOf(host, service).some((box) => isRunning(box) && ready.includes(box.release ?? ""))
  }),
)
