import { replicas } from "../../../src/core/compose.ts"
import type { Desired } from "../../../src/core/desired.ts"
import type { Container, HostState } from "../../../src/core/host-state.ts"
import type { Plan } from "../../../src/core/plan.ts"
import type { Step } from "../../../src/core/step.ts"
import { bound, container, proxy, run } from "./world.ts"

/** A host while a plan is carried out on it, reduced to what the steps change. */
interface World {
  containers: Container[]
  committed: boolean
}

/** What a step makes of the containers; the others change none. */
function apply({ verb, args }: Step, world: World, plan: Plan): World {
  const [service = "", ...rest] = args
  const ids = rest.at(-1)?.split(",") ?? []
  const stop = (it: Container) => (ids.includes(it.id) ? { ...it, state: "exited" } : it)
  switch (verb) {
    case "remove_stopped":
    case "stop_old":
      return { ...world, containers: world.containers.filter(({ id }) => !ids.includes(id)) }
    case "release_ports":
      return { ...world, containers: world.containers.map(stop) }
    case "start":
      return {
        ...world,
        containers: [...world.containers, ...started(service, Number(rest[0]), world, plan)],
      }
    case "dependencies":
      return { ...world, containers: [...world.containers, ...args.map((name) => fresh(name, 1, null))] }
    case "proxy":
      return { ...world, containers: withProxy(args, world.containers) }
    case "commit":
      return { ...world, committed: true }
    default:
      return world
  }
}

/** Compose counts those that are there, running or not, and creates what the scale lacks. */
function started(service: string, scale: number, { containers }: World, { release }: Plan): Container[] {
  const there = containers.filter((it) => it.service === service).length
  return Array.from({ length: scale - there }, (_, index) => fresh(service, index, String(release)))
}

const fresh = (service: string, index: number, release: string | null) =>
  container({ id: `${service}.new${index}`, name: `shop-${service}-new${index}`, service, release })

function withProxy(published: readonly string[], containers: readonly Container[]): Container[] {
  const ports = Object.assign(
    {},
    ...published.map((value) => {
      const [outer, inner] = value.split(":").slice(-2).map(Number)
      return bound(outer ?? 0, inner)
    }),
  )
  const [old] = containers.filter((it) => it.proxy !== null)
  return [...containers.filter((it) => it !== old), old ? { ...old, state: "running" } : proxy({ ports })]
}

/** The state that a run leaves in which every step succeeds, as the next client reads it. */
export function simulate(state: HostState, plan: Plan, desired: Desired): HostState {
  const start: World = { containers: state.containers, committed: false }
  const { containers, committed } = plan.steps.reduce((world, step) => apply(step, world, plan), start)
  if (!committed) return { ...state, containers }
  const facts = new Map(
    plan.files.facts?.split("\n").map((line) => [line.split(" ")[0], line.split(" ").slice(1).join(" ")]),
  )
  const record = run({
    id: `${plan.release}.new`,
    release: plan.release,
    tag: facts.get("tag") ?? "",
    digest: facts.get("digest") ?? "",
    services: facts.get("services")?.split(" ") ?? [],
    hashes: facts.get("hashes") ?? "",
  })
  return {
    ...state,
    containers,
    tag: desired.tag,
    current: plan.release,
    slots: plan.files["release/slots"]?.trim() ?? "",
    listening: state.listening,
    runs: [...state.runs, record],
  }
}

/** How many containers of a service run that are of this release. */
export function serving({ containers, config }: HostState, service: string, release: number) {
  const own = containers.filter((it) => it.service === service && it.state === "running")
  const wanted = replicas(config?.services[service] ?? {})
  return { wanted, all: own.length, current: own.filter((it) => it.release === String(release)).length }
}
