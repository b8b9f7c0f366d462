import { expect, test } from "vitest"
import type { Verb } from "../../../src/core/step.ts"
import { change, file, type PlannedStep } from "./action.ts"
import { type Agent, agent } from "./agent.ts"
import { explore } from "./explore.ts"
import { writeEnv } from "./files.ts"
import { setServers } from "./slots.ts"
import { type VerbModel, verbs } from "./verbs.ts"
import { worlds } from "./worlds.ts"

// The check can fail: it finds an agent that is broken in one place, after one fault or none.

const managed = worlds.find(({ name }) => name.includes("behind the proxy")) ?? expect.fail("no such world")

const withVerb = (verb: Verb, changed: VerbModel): Agent => ({
  ...agent,
  verbs: { ...verbs, [verb]: changed },
})

/** An agent that does the steps of one verb elsewhere: behind those of another. */
const withOrder = (verb: Verb, after: Verb): Agent => ({
  ...agent,
  read: (steps: PlannedStep[]) => {
    const rest = steps.filter((step) => step.verb !== verb)
    const at = rest.findLastIndex((step) => step.verb === after) + 1
    return [...rest.slice(0, at), ...steps.filter((step) => step.verb === verb), ...rest.slice(at)]
  },
})

test.each<[what: string, broken: Agent, finding: RegExp]>([
  ["stops the old version before COMMIT", withOrder("stop_old", "switch"), /was stopped before COMMIT$/],
  ["gives the restart policy after COMMIT", withOrder("restart_policy", "commit"), /no container answers$/],
  ["drains before it switches", withOrder("drain", "ready"), /are cut on the version that serves$/],
  [
    "forgets to switch back",
    withVerb("switch", { do: verbs.switch.do }),
    /are cut on the version that serves$/,
  ],
  ["undoes the oldest step first", { ...agent, undoOrder: (begun) => begun }, /no container answers$/],
  [
    "reconciles in the wrong direction",
    { ...agent, goesForward: (job) => !agent.goesForward(job) },
    /the record of what it serves is gone/,
  ],
  [
    "takes for granted that the proxy serves what was switched to",
    withVerb("retire", {
      *do({ oldSlots }, service = "") {
        return yield setServers("free", service, [["free", oldSlots]])
      },
    }),
    /0 versions of web get requests$/,
  ],
  [
    "cannot make a link that is there",
    withVerb("commit", {
      *do({ release }) {
        const free = yield file("link", (host) => {
          if (host.next !== undefined) return false
          host.next = release
          return true
        })
        if (!free) return false
        return yield change("rename", (host) => {
          host.current = host.next
          delete host.next
          return true
        })
      },
    }),
    /deploys of 1.1.0 were not enough$/,
  ],
  [
    "renames .env though it could not be written",
    withVerb("env", {
      *do(job) {
        const careless = writeEnv(job)
        for (let turn = careless.next(); turn.done !== true; turn = careless.next(true)) yield turn.value
        return true
      },
    }),
    /.env is torn$/,
  ],
  ["leaves its candidate", withVerb("start", { do: verbs.start.do }), /is not what was there before/],
])("an agent that %s", (_, broken, finding) => {
  expect(explore(managed, { most: 1, played: broken, enough: 1 }).broken[0]).toMatch(finding)
})
