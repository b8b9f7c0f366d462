import type { Verb } from "../../../src/core/step.ts"
import { type Action, all, change, file, type Job, look, lookInProxy, type Program } from "./action.ts"
import {
  becomeReady,
  candidates,
  composeUp,
  drop,
  idList,
  remove,
  start,
  startAll,
  stop,
  update,
} from "./containers.ts"
import { forget, mark, point, prune, writeEnv } from "./files.ts"
import { boxesOf, isRunning } from "./host.ts"
import { migrate, removeMigration } from "./migration.ts"
import { holdPorts, proxyAnswers, removeOwner, restartOwner, startOwner } from "./owner.ts"
import { clearSlots, drain, isTaken, publicAnswer, serves, setServers, switchTo, takeSlots } from "./slots.ts"

/** What `do_VERB` and `undo_VERB` of the agent do, action by action, with the arguments of the step. */
export interface VerbModel {
  do(job: Job, ...args: string[]): Program
  undo?(job: Job, ...args: string[]): Program
}

/** A step of one action. */
const one = (action: (job: Job, service: string) => Action): VerbModel => ({
  *do(job, service = "") {
    return yield action(job, service)
  },
})
/** A step that looks, or whose effect no other step depends on. */
const looks = (name: string) => one(() => look(name))

/** Each verb of the plan. One that is missing here does not compile: a line says what it does, `looks` when that is nothing. */
export const verbs: Record<Verb, VerbModel> = {
  expect: {
    *do({ host }, service = "", ids = "") {
      const found = () => boxesOf(host, service).map(({ id }) => id)
      return yield look("ps", () => String(found().sort()) === String(idList(ids).sort()))
    },
  },
  hook: looks("hook"),
  disk: looks("look for room"),
  pull: looks("pull"),
  dependencies: {
    *do(job, ...services) {
      for (const service of services)
        if (boxesOf(job.host, service).length === 0 && !(yield mark(job, `started ${service}`))) return false
      return yield* all(services.map((service) => composeUp(job, service, 1, null)))
    },
    *undo({ host, run }, ...services) {
      const started = services.filter((service) => run.marks.includes(`started ${service}`))
      return yield* remove(started.flatMap((service) => boxesOf(host, service)).map(({ id }) => id))
    },
  },
  keep_config: one(() => file("keep the configuration")),
  restore_config: one(() => file("copy the configuration")),
  migrate: { do: migrate, undo: removeMigration },
  remove_stopped: {
    *do({ host }, _service, ids = "") {
      for (const id of idList(ids)) {
        const runs = host.boxes.some((box) => box.id === id && isRunning(box))
        if (!(yield look(`inspect ${id}`, () => !runs)) || !(yield drop(id))) return false
      }
      return true
    },
  },
  start: {
    *do(job, service = "", scale = "") {
      yield change("remove the credentials", () => forget(job.run))
      if (!(yield* composeUp(job, service, Number(scale), String(job.release)))) return false
      if (candidates(job, service).length === 0) return false
      for (const { id } of candidates(job, service)) if (!(yield update(id, "no"))) return false
      return true
    },
    *undo(job, service = "") {
      if (!(yield* remove(candidates(job, service).map(({ id }) => id)))) return false
      return yield* startAll(boxesOf(job.host, service))
    },
  },
  booted: one((job, service) => becomeReady(job, service)),
  release_ports: {
    *do(job, _service, _grace, ids = "") {
      for (const id of idList(ids)) {
        const policy = job.host.boxes.find((box) => box.id === id)?.restart
        if (!(yield mark(job, `policy ${id} ${policy}`))) return false
        if (!(yield update(id, "always")) || !(yield stop(id))) return false
      }
      return true
    },
    *undo({ run }, _service, _grace, ids = "") {
      let back = true
      for (const id of idList(ids)) {
        const policy = run.marks
          .find((it) => it.startsWith(`policy ${id} `))
          ?.split(" ")
          .at(-1)
        back = (yield start(id)) && back
        if (policy !== undefined) back = (yield update(id, policy)) && back
      }
      return back
    },
  },
  proxy: { do: (job, policy = "", ...publish) => startOwner(job, policy, publish), undo: removeOwner },
  ready: {
    *do(job, service = "") {
      if (!(yield becomeReady(job, service))) return false
      return (yield* clearSlots(service, job.slots)) && (yield takeSlots(job, service))
    },
    *undo({ host, slots }, service = "") {
      if (host.proxy === undefined) return true
      yield drain(service, slots)
      return yield setServers("free", service, [["free", slots]])
    },
  },
  proxy_config: looks("check the configuration"),
  switch: {
    *do(job, service = "") {
      return (yield switchTo(job, service)) && (yield file("write the counts"))
    },
    *undo({ host, slots, oldSlots }, service = "") {
      if (host.proxy === undefined) return true
      const back = setServers("switch back", service, [
        ["ready", oldSlots],
        ["drain", slots],
      ])
      return (yield back) || (yield restartOwner)
    },
  },
  public: one(() => publicAnswer),
  drain: one(({ slots, oldSlots }, service) => drain(service, oldSlots, slots)),
  soak: one((job, service) => serves(job, service)),
  commit: { do: ({ release }) => point(release) },
  restart_policy: {
    *do(job, service = "", policy = "") {
      for (const { id } of candidates(job, service)) if (!(yield update(id, policy))) return false
      return yield look("inspect", () => candidates(job, service).every(isRunning))
    },
  },
  hold_ports: { do: (_job, ...groups) => holdPorts(groups.filter((_, at) => at % 2 === 1).flatMap(idList)) },
  retire: {
    *do(job, service = "") {
      const { slots, oldSlots } = job
      if (!(yield* startAll(candidates(job, service))) || !(yield proxyAnswers)) return false
      let there = false
      const asked = yield lookInProxy(`look for ${service}`, (live) => {
        there = isTaken(live, service, slots)
        return true
      })
      if (!asked || (!there && !(yield restartOwner))) return false
      return yield setServers("free", service, [["free", oldSlots]])
    },
  },
  env: { do: writeEnv },
  stop_old: {
    *do(job, service = "", _grace, ids = "") {
      const there = lookInProxy(`look for ${service}`, (live) => isTaken(live, service, job.slots))
      return (yield there) && (yield* remove(idList(ids)))
    },
  },
  prune: { do: prune },
}

export const isVerb = (verb: string): verb is Verb => Object.hasOwn(verbs, verb)
