import { type Action, docker, type Job, look, type Program } from "./action.ts"
import { type Box, boxesOf, type Host, isRunning, policyOf } from "./host.ts"

/** Ids of a list in a step; "-" stands for none. */
export const idList = (ids: string) => (ids === "-" ? [] : ids.split(","))

export const candidates = ({ host, release }: Job, service: string) =>
  boxesOf(host, service).filter((box) => box.release === String(release))

const find = (host: Host, id: string) => host.boxes.find((box) => box.id === id)

export const update = (id: string, restart: string): Action =>
  docker(`update --restart ${restart} ${id}`, (host) => {
    const box = find(host, id)
    if (box !== undefined) box.restart = restart
    return box !== undefined
  })

export const stop = (id: string): Action =>
  docker(`stop ${id}`, (host) => {
    const box = find(host, id)
    if (box !== undefined) box.state = "exited"
    return box !== undefined
  })

export const start = (id: string): Action =>
  docker(`start ${id}`, (host) => {
    const box = find(host, id)
    if (box === undefined) return false
    box.state = "running"
    host.lost = host.lost.filter((it) => it.id !== id)
    return true
  })

/** What runs is left as it is; what a restart of dockerd has stopped comes back. */
export function* startAll(boxes: readonly Box[]): Program {
  for (const { id } of boxes) if (!(yield start(id))) return false
  return true
}

export const drop = (id: string): Action =>
  docker(`rm ${id}`, (host) => {
    host.boxes = host.boxes.filter((box) => box.id !== id)
    return true
  })

/** As `remove` of the agent: only the removal itself counts. */
export function* remove(ids: readonly string[]): Program {
  let removed = true
  for (const id of ids) {
    yield { ...update(id, "no"), plain: true }
    yield { ...stop(id), plain: true }
    removed = (yield drop(id)) && removed
  }
  return removed
}

/** `docker compose up --no-recreate --scale`: what is there is started and counted, what lacks is created and started. */
export function* composeUp(
  { host, run }: Job,
  service: string,
  scale: number,
  release: string | null,
): Program {
  const there = boxesOf(host, service)
  for (const box of there.filter((it) => !isRunning(it))) if (!(yield start(box.id))) return false
  for (let count = there.length; count < scale; count++) {
    const id = `${service}-${run.id}-${host.created + 1}`
    if (!(yield docker(`create ${id}`, (it) => create(it, id, service, release)))) return false
    if (!(yield start(id))) return false
  }
  return true
}

export function create(host: Host, id: string, service: string, release: string | null): boolean {
  host.created++
  const labels = { project: host.config.name, service, oneoff: "False", release, proxy: null }
  const restart = policyOf(host, service)
  host.boxes.push({ id, name: id, image: "", state: "exited", restart, ports: {}, ready: false, ...labels })
  return true
}

/** Waiting until all new containers answer: it ends well only when every one of them runs. */
export const becomeReady = (job: Job, service: string): Action =>
  look(`wait for ${service}`, () => {
    const boxes = candidates(job, service)
    if (!boxes.every(isRunning)) return false
    for (const box of boxes) box.ready = true
    return true
  })
