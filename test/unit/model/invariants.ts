import {
  boxesOf,
  type Host,
  isRunning,
  type Live,
  publishesItself,
  routed,
  runningProxy,
  type Slot,
} from "./host.ts"

/** What is not as it must be; nothing when all is well. */
export type Problem = string | undefined

/** What a check finds in the first service in which it finds anything. */
export function each(host: Host, check: (service: string) => Problem): Problem {
  for (const service of routed(host)) {
    const problem = check(service)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What must hold after every action and every fault, whether or not an agent lives. */
export function alwaysHolds(host: Host, start: Host): Problem {
  return (
    host.wrongs[0] ??
    (host.env.torn ? ".env is torn" : undefined) ??
    each(host, (service) => (mustServe(host, start, service) ? serving(host, service) : undefined)) ??
    oldRuns(host, start) ??
    tellsTheTruth(host)
  )
}

/** A release is deployed if and only if it is, or was, the current one. */
function tellsTheTruth({ runs, current = 0 }: Host): Problem {
  const wrong = runs.find(({ verdict, moved, release }) => {
    return verdict === "deployed" ? release > current : verdict !== "" && moved && release === current
  })
  return wrong === undefined
    ? undefined
    : `the run ${wrong.id} is called ${wrong.verdict}, but ${current} is the current release`
}

/** What served when the run began, or was committed since, serves; but for the announced gap of an adoption. */
const mustServe = (host: Host, start: Host, service: string) =>
  (hasCommitted(host, start) || serving(start, service) === undefined) && !inGap(host)

const hasCommitted = ({ current = 0 }: Host, start: Host) => current !== 0 && current !== start.current

/**
 * From the stop of the container that holds the ports itself until the proxy holds them for good, or the run has been undone. A
 * host that boots in between serves nevertheless.
 */
const inGap = ({ runs, booted }: Host) =>
  !booted &&
  runs.some(
    ({ verdict, journal = [] }) =>
      (verdict === "" || verdict === "stuck") &&
      journal.some((line) => line.endsWith(" release_ports")) &&
      !journal.some((line) => line.startsWith("begin") && line.endsWith(" retire")),
  )

/** Requests for a service reach a container that answers, unless a fault has killed it. */
function serving(host: Host, service: string): Problem {
  if (boxesOf(host, service).some((box) => isRunning(box) && publishesItself(box))) return undefined
  const live = runningProxy(host)?.live
  if (live === undefined) return `nobody has the ports of ${service}`
  const releases = readySets(live, service).map((slots) => slots[0]?.release)
  if (releases.length === 0 && host.unrouted) return undefined
  if (releases.length !== 1) return `${releases.length} versions of ${service} get requests`
  const boxes = boxesOf(host, service).filter(({ release }) => release === String(releases[0]))
  const killed = host.lost.some((box) => box.service === service && box.release === String(releases[0]))
  if (killed || boxes.some((box) => isRunning(box) && box.ready)) return undefined
  return `requests for ${service} go to release ${releases[0]}, of which no container answers`
}

const readySets = (live: Live, service: string): Slot[][] =>
  Object.values(live[service] ?? {}).filter((slots) => slots.some(({ state }) => state === "ready"))

/** The old process is not stopped before COMMIT. */
function oldRuns(host: Host, start: Host): Problem {
  if (hasCommitted(host, start) || inGap(host)) return undefined
  return each(host, (service) => {
    const old = boxesOf(start, service).filter(isRunning)
    const gone = old
      .filter(({ id }) => !host.lost.some((box) => box.id === id))
      .find(({ id }) => !host.boxes.some((box) => box.id === id && isRunning(box)))
    return gone === undefined ? undefined : `${gone.id}, which is old, was stopped before COMMIT`
  })
}
