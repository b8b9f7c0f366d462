import type { Desired } from "../../src/core/desired.ts"
import type { HostState } from "../../src/core/host-state.ts"
import {
  bound,
  config,
  container,
  desired,
  digest,
  empty,
  plan,
  proxy,
  run,
  web,
  world,
} from "../unit/support/world.ts"

/** A situation on the host in which a deploy is disturbed. */
export interface World {
  name: "deploy" | "crowded" | "adoption" | "first" | "rollback"
  /** The same situation for the planner, so that the steps are known before there is a host. */
  state: HostState
  /** What is asked for there beside what is always asked for. */
  wish?: (state: HostState) => Partial<Desired>
  /** Whether a release before the one that serves is needed. */
  earlier?: true
  /** Nobody is behind the published port for a while, whatever happens. */
  gap?: true
  /** Shell that brings a host on which a release serves into this situation, and what it put there away again. */
  prepare: string
  tidy?: string
}

/** As on a host that Seamless has never seen. */
export const forget =
  "docker ps -aq | xargs -r docker rm -fv; docker network rm app_default; rm -rf .seamless; sed -i /^COMPOSE_FILE=/d .env"

export const worlds: World[] = [
  { name: "deploy", state: world(), prepare: ":" },
  {
    name: "crowded",
    state: world({
      config: config({
        web: web({ depends_on: { redis: { condition: "service_started" } } }),
        redis: { image: "redis:7-alpine" },
      }),
      containers: [container(), container({ id: "stopped", state: "exited" }), proxy()],
      hooks: ["before-deploy"],
    }),
    wish: () => ({ migrate: "true" }),
    prepare: `docker rm -f app-redis-1
      docker create --name left-over --label com.docker.compose.project=app --label com.docker.compose.service=web --label com.docker.compose.oneoff=False redis:7-alpine
      mkdir -p .seamless/hooks && printf '#!/bin/sh\\n' >.seamless/hooks/before-deploy
      chmod 755 .seamless/hooks/before-deploy && chown -R deploy: .seamless/hooks`,
    tidy: "rm -rf .seamless/hooks; docker rm -f left-over || true",
  },
  {
    name: "adoption",
    state: empty({ containers: [container({ release: null, ports: bound(8080, 3000) })], listening: [8080] }),
    gap: true,
    prepare: `${forget}; docker compose up -d --wait`,
  },
  { name: "first", state: empty(), gap: true, prepare: forget },
  {
    name: "rollback",
    earlier: true,
    state: world({
      hashes: { web: "h2" },
      kept: [2],
      runs: [run({ release: 2, tag: "0.9.0", digest: digest("c") }), run()],
    }),
    wish: ({ runs, kept, current }) => {
      const origin = runs.findLast(({ release }) => kept.includes(release) && release !== current)
      return origin === undefined ? {} : { kind: "rollback", origin, tag: origin.tag, digest: origin.digest }
    },
    prepare: `cp -p docker-compose.yml /tmp/docker-compose.yml
      sed -i 's/GREETING: .*/GREETING: another/' docker-compose.yml`,
    tidy: "cp -p /tmp/docker-compose.yml docker-compose.yml || true",
  },
]

/** The steps of a deploy in a world. */
export const stepsIn = ({ state, wish }: World) =>
  plan(state, desired({ soak: 1_000, allowGap: true, ...wish?.(state) })).steps
