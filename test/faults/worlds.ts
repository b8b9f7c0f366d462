import type { Desired } from "../../src/core/desired.ts"
import type { HostState } from "../../src/core/host-state.ts"
import { bound, config, container, desired, empty, plan, proxy, web, world } from "../unit/support/world.ts"

/** A situation on the host in which a deploy is disturbed. */
export interface World {
  name: "deploy" | "crowded" | "adoption" | "first"
  /** The same situation for the planner, so that the steps are known before there is a host. */
  state: HostState
  /** Where the published port has nobody behind it for a while, whatever happens. */
  gap: boolean
  /** Brings a host on which a release serves into this situation. */
  prepare: string
}

/** As on a host that Seamless has never seen. */
export const forget =
  "docker ps -aq | xargs -r docker rm -fv; docker network rm app_default; rm -rf .seamless; sed -i /^COMPOSE_FILE=/d .env"

export const worlds: World[] = [
  { name: "deploy", state: world(), gap: false, prepare: ":" },
  {
    name: "crowded",
    state: world({
      config: config({
        web: web({ depends_on: { redis: { condition: "service_started" } } }),
        redis: { image: "redis:7-alpine" },
      }),
      containers: [container(), container({ id: "stopped", state: "exited" }), proxy()],
    }),
    gap: false,
    prepare: [
      "docker rm -f app-redis-1",
      "docker create --name left-over --label com.docker.compose.project=app --label com.docker.compose.service=web --label com.docker.compose.oneoff=False redis:7-alpine",
      'docker rmi -f "$IMAGE"',
    ].join("; "),
  },
  {
    name: "adoption",
    state: empty({ containers: [container({ release: null, ports: bound(8080, 3000) })], listening: [8080] }),
    gap: true,
    prepare: `${forget}; docker compose up -d --wait`,
  },
  { name: "first", state: empty(), gap: true, prepare: forget },
]

export const wish: Partial<Desired> = { soak: 1_000, allowGap: true }

/** The steps of a deploy in a world. */
export const stepsIn = ({ state }: World) => plan(state, desired(wish)).steps
