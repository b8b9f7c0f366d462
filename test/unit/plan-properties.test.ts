import fc from "fast-check"
import { expect, test } from "vitest"
import type { ComposeService } from "../../src/core/compose.ts"
import type { Desired } from "../../src/core/desired.ts"
import { InputError } from "../../src/core/errors.ts"
import type { Container, HostState } from "../../src/core/host-state.ts"
import type { Plan } from "../../src/core/plan.ts"
import { explore } from "./model/explore.ts"
import type { Strike } from "./model/stage.ts"
import {
  bound,
  config,
  container,
  desired,
  digest,
  empty,
  plan,
  port,
  proxy,
  run,
  web,
} from "./support/world.ts"

/** A service with the containers that it has. */
interface Drawn {
  service: ComposeService
  running: number
  stopped: number
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  service: fc
    .record({
      scale: fc.integer({ min: 1, max: 3 }),
      restart: fc.constantFrom("no", "always", "unless-stopped"),
      stop_grace_period: fc.constantFrom("0s", "1s500ms", "2m"),
      depends_on: fc.constantFrom<NonNullable<ComposeService["depends_on"]>>(
        {},
        { redis: { condition: "service_started" } },
      ),
      deploy: fc.record({
        update_config: fc.record({
          monitor: fc.constantFrom("0s", "3s"),
          failure_action: fc.constantFrom("rollback", "pause", "continue"),
        }),
      }),
    })
    .map((changes) => web(changes)),
  running: fc.nat(3),
  stopped: fc.nat(2),
})

/** A host: never deployed, started by plain Compose, or with a release 3 behind the proxy; and what is wanted of it. */
const worlds: fc.Arbitrary<[HostState, Desired]> = fc
  .record({
    services: fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9._-]{0,8}$/), drawn, {
      minKeys: 1,
      maxKeys: 3,
    }),
    before: fc.constantFrom("nothing", "compose", "proxy running", "proxy stopped"),
    redis: fc.boolean(),
    allowGap: fc.boolean(),
    soak: fc.constantFrom(undefined, 0, 1_500),
    slots: fc.constantFrom("a", "b"),
    known: fc.boolean(),
  })
  .map(({ services, before, redis, allowGap, soak, slots, known }) => {
    const names = Object.keys(services).filter((name) => name !== "redis")
    const published = new Map(names.map((name, index) => [name, 80 + index * 1_000]))
    const managed = before.startsWith("proxy")
    const composed = Object.fromEntries(
      names.map((name) => [name, { ...services[name]?.service, ports: [port(published.get(name) ?? 0)] }]),
    )
    const own = names.flatMap((name) => {
      const one = (index: number, state: string) =>
        container({
          id: `${name}.${state}${index}`,
          name: `shop-${name}-${state}${index}`,
          service: name,
          state,
          release: managed ? "3" : null,
          ports: managed ? {} : bound(published.get(name) ?? 0, 3000),
        })
      const { running = 0, stopped = 0 } = before === "nothing" ? {} : (services[name] ?? {})
      return [
        ...Array.from({ length: running }, (_, index) => one(index, "running")),
        ...Array.from({ length: stopped }, (_, index) => one(index, "exited")),
      ]
    })
    const inner = (outer: number) => (outer < 1024 ? 64_000 + outer : outer)
    const ports = Object.assign({}, ...[...published.values()].map((outer) => bound(outer, inner(outer))))
    const proxies: Container[] = managed
      ? [proxy({ ports, state: before === "proxy running" ? "running" : "exited" })]
      : []
    const database = container({ id: "db", name: "shop-redis-1", service: "redis", release: null })
    const hashes = Object.fromEntries(names.map((name) => [name, `h-${name}`]))
    const current = {
      current: 3,
      slots,
      runs: [run({ services: names, hashes: names.map((name) => `${name}=h-${name}`).join(" ") })],
    }
    const state = empty({
      config: config({ ...composed, redis: { image: "redis:7" } }),
      containers: [...own, ...proxies, ...(redis ? [database] : [])],
      hashes,
      ...(managed ? current : {}),
    })
    const wanted = known ? { tag: "1.0.0", digest: digest("a") } : {}
    return [state, desired({ allowGap, ...wanted, ...(soak === undefined ? {} : { soak }) })]
  })

/** The plans of worlds; what is refused has no plan. */
function forEveryPlan(check: (plan: Plan, state: HostState, wanted: Desired) => void, numRuns = 300): void {
  let planned = 0
  fc.assert(
    fc.property(worlds, ([state, wanted]) => {
      fc.pre(Object.keys(state.config?.services ?? {}).length > 1)
      let made: Plan
      try {
        made = plan(state, wanted)
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
        return
      }
      if (made.steps.length > 0) planned++
      check(made, state, wanted)
    }),
    { numRuns },
  )
  // The check must have had something to check.
  expect(planned).toBeGreaterThan(numRuns / 2)
}

const at = ({ steps }: Plan, verb: string) => steps.findIndex((step) => step.verb === verb)
const last = ({ steps }: Plan, verb: string) => steps.findLastIndex((step) => step.verb === verb)

test("nothing that serves is stopped before switch and commit, but for the announced gap of an adoption", () => {
  forEveryPlan((made, { containers }, { allowGap }) => {
    const serves = (id: string) => containers.some((it) => it.id === id && it.state === "running")
    for (const [index, { verb, args }] of made.steps.entries()) {
      if (["expect", "pull"].includes(verb)) continue
      const touched = args.flatMap((arg) => arg.split(",")).filter(serves)
      if (verb === "release_ports") {
        expect(allowGap && containers.every((it) => it.proxy === null)).toBe(true)
        expect(made.steps[index]?.sentence).toContain("requests fail until the switch")
      } else if (touched.length > 0) {
        expect(index).toBeGreaterThan(last(made, "switch"))
        expect(index).toBeGreaterThan(at(made, "commit"))
      }
    }
  })
})

test("the phases are in their order, each over all services before the next begins", () => {
  const order = [
    ...[
      "expect",
      "disk",
      "pull",
      "dependencies",
      "keep_config",
      "remove_stopped",
      "start",
      "release_ports",
      "proxy",
      "ready",
      "proxy_config",
    ],
    ...[
      "switch",
      "public",
      "drain",
      "soak",
      "restart_policy",
      "commit",
      "hold_ports",
      "retire",
      "env",
      "stop_old",
      "prune",
    ],
  ]
  forEveryPlan((made) => {
    const present = order.filter((verb) => at(made, verb) >= 0)
    for (const [index, verb] of present.entries()) {
      const next = present[index + 1]
      if (next !== undefined) expect([verb, last(made, verb) < at(made, next)]).toEqual([verb, true])
    }
    const bare = [...new Set(made.steps.map(({ verb }) => verb))].filter((verb) => verb !== "booted")
    expect(bare).toEqual(present)
    if (made.steps.length > 0)
      for (const verb of ["start", "ready", "switch", "public", "commit", "env"])
        expect(at(made, verb)).toBeGreaterThan(0)
  })
})

test("the agent reads back what was planned, and no field is empty", () => {
  forEveryPlan(({ steps, files }) => {
    const lines = (files.plan ?? "").split("\n").slice(0, -1)
    const fields = lines.map((line) => line.split("\t"))
    expect(fields).toEqual(steps.map(({ verb, sentence, args }) => [verb, sentence, ...args]))
    expect(fields.flat()).not.toContain("")
  })
})

// The next two let the model of test/unit/model carry the plan out; what must hold in it is written there.

test("a run keeps what serves serving, and leaves what was wanted: the next plan has nothing to do", () => {
  forEveryPlan((_, state, wanted) => {
    expect(explore({ name: "any", state, wanted, faults: 0 }).broken).toEqual([])
  }, 150)
})

test("whichever step is not begun, the steps before COMMIT are undone to the start, and those after it made up for", () => {
  forEveryPlan((_, state, wanted) => {
    const among = ({ fault, action }: Strike) =>
      fault === "action fails" && action.startsWith("journal begin")
    expect(explore({ name: "any", state, wanted, faults: 1 }, { among }).broken).toEqual([])
  }, 50)
})

test("a release takes the slots that the release before it does not have", () => {
  forEveryPlan(({ files, steps }, { slots }) => {
    if (steps.length > 0) expect(files["release/slots"]).toBe(slots === "a" ? "b\n" : "a\n")
  })
})

test("all names of a plan are those that the host has shown", () => {
  forEveryPlan(({ steps }, { containers }) => {
    const ids = steps
      .filter(({ verb }) => ["expect", "remove_stopped", "stop_old", "release_ports"].includes(verb))
      .map(({ args }) => ({ service: args[0], ids: args.at(-1)?.split(",") ?? [] }))
    for (const { service, ids: named } of ids)
      for (const id of named.filter((it) => it !== "-"))
        expect(containers.find((it) => it.id === id)?.service).toBe(service)
  })
})
