import { bound, config, container, desired, empty, port, proxy, run, web, world } from "../support/world.ts"
import type { World } from "./stage.ts"

const lone = web({ restart: "no" })
const two = {
  web: web({ scale: 2, depends_on: { redis: { condition: "service_started" } } }),
  api: web({ ports: [port(9090, 4000)] }),
  redis: { image: "redis:7" },
}
const published = { ...bound(8080), ...bound(9090) }

/** Where a deploy can begin, each with something that the others lack. */
export const worlds: World[] = [
  { name: "a release behind the proxy", state: world(), wanted: desired(), faults: 2 },
  { name: "the first deploy", state: empty(), wanted: desired(), faults: 2 },
  {
    name: "what plain Compose started holds its ports itself",
    state: empty({
      containers: [container({ release: null, ports: bound(8080, 3000) })],
      listening: [8080],
    }),
    wanted: desired({ allowGap: true, soak: 0 }),
    faults: 2,
  },
  {
    name: "containers that nothing starts again, and no soak",
    state: world({
      config: config({ web: lone }),
      containers: [container(), proxy()],
    }),
    wanted: desired({ soak: 0 }),
    faults: 1,
  },
  {
    name: "two services, replicas, a dependency, leftovers, hooks and a migration",
    state: world({
      config: config(two),
      hashes: { web: "h1", api: "h1" },
      containers: [
        container(),
        container({ id: "old2", name: "shop-web-2" }),
        container({ id: "dead", name: "shop-web-3", state: "exited" }),
        container({ id: "api1", name: "shop-api-1", service: "api" }),
        proxy({ ports: published }),
      ],
      listening: [8080, 9090],
      runs: [run({ services: ["web", "api"], hashes: "web=h1 api=h1" })],
      hooks: ["before-deploy", "before-switch", "after-commit"],
    }),
    wanted: desired({ migrate: "npm run migrate" }),
    faults: 1,
  },
]
