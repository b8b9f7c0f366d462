import {
  boxesOf,
  type Host,
  isRunning,
  policyOf,
  type RunFolder,
  runningProxy,
  wantedReplicas,
} from "./host.ts"
import { each, type Problem } from "./invariants.ts"

/** What must hold once nothing is left to do: the release that is current, all of it and nothing else. */
export function isSettled(host: Host, tag: string, told = false): Problem {
  return (
    isTidy(host) ??
    (host.env.tag === tag ? undefined : `.env says ${host.env.tag}, not ${tag}`) ??
    each(host, (service) => wholeRelease(host, service, told))
  )
}

/** Nothing of a run is left but its record. */
function isTidy({ runs, releases, boxes }: Host): Problem {
  const once = boxes.find(({ oneoff }) => oneoff === "True")
  if (once !== undefined) return `${once.id} is left`
  const unfinished = runs.find(({ verdict, journal }) => verdict === "" && journal !== undefined)
  if (unfinished !== undefined) return `the run ${unfinished.id} has no verdict`
  const secret = runs.find(({ credentials }) => credentials)
  if (secret !== undefined) return `the credentials of the run ${secret.id} are left`
  const failed = runs.find(
    (run) => run.moved && run.verdict !== "deployed" && releases[run.release] !== undefined,
  )
  return failed === undefined ? undefined : `the files of release ${failed.release} are left`
}

function wholeRelease(host: Host, service: string, told: boolean): Problem {
  const { current = 0, releases } = host
  const wanted = wantedReplicas(host, service)
  const boxes = boxesOf(host, service)
  const strange = boxes.find((box) => box.release !== String(current) || !isRunning(box))
  if (strange !== undefined) return `${strange.id} (release ${strange.release}, ${strange.state}) is left`
  if (boxes.length !== wanted) return `${boxes.length} containers of ${service} instead of ${wanted}`
  const policy = policyOf(host, service)
  const wrong = boxes.find(({ restart }) => restart !== policy)
  if (wrong !== undefined) return `${wrong.id} has the restart policy ${wrong.restart}, not ${policy}`
  if (releases[current]?.servers[service] !== wanted) return `release ${current} has no route to ${service}`
  return isDurable(host, service, releases[current].slots, told)
}

/**
 * What the running proxy serves is what it would serve after a restart. When the old version could not be taken out, and that
 * was told, its slots may stay, without traffic.
 */
function isDurable(host: Host, service: string, set: string, told: boolean): Problem {
  const { a = [], b = [] } = runningProxy(host)?.live[service] ?? {}
  const [own, other] = set === "a" ? [a, b] : [b, a]
  const right = own.every(({ release, state }) => release === host.current && state === "ready")
  const quiet = told ? other.every(({ state }) => state !== "ready") : other.length === 0
  if (right && own.length === wantedReplicas(host, service) && quiet) return undefined
  return `the proxy serves ${service} from ${JSON.stringify({ a, b })}, not from release ${host.current} alone`
}

/** What must hold as soon as a run has ended, unless it was told itself that something was left undone. */
export function endsAs(host: Host, start: Host, run: RunFolder, tag: string): Problem {
  const { verdict } = run
  if (verdict === "" || verdict === "stuck" || host.lost.length > 0) return undefined
  if (verdict === "deployed" && hasFailed(run)) return undefined
  if (verdict === "deployed") return isSettled(host, tag)
  const had = runningProxy(start) !== undefined
  const [before, after] = [start, host].map((it) => JSON.stringify(essence(it, had)))
  return before === after ? isTidy(host) : `${verdict}, but ${after} is not what was there before, ${before}`
}

/** Whether the record tells of a step that failed. */
const hasFailed = ({ reason, journal = [] }: RunFolder) =>
  reason !== "" || journal.some((line) => line.startsWith("failed "))

/** What a deploy that failed must leave as it was. */
const essence = ({ boxes, proxy, current, env, releases }: Host, hadProxy: boolean) => ({
  boxes: boxes.filter(isRunning).map(({ id, restart, release }) => [id, restart, release]),
  proxy: hadProxy ? proxy?.live : "none that runs",
  current,
  env,
  releases: Object.keys(releases),
})
