import type { ComposeConfig, ComposeService } from "../../../src/core/compose.ts"
import type { Desired } from "../../../src/core/desired.ts"
import type { Container, HostState, Run } from "../../../src/core/host-state.ts"
import { type Plan, planRollout } from "../../../src/core/plan.ts"

/** A digest that the eye can tell from another: `digest("a")` is `sha256:aaaa…`. */
export const digest = (digit: string) => `sha256:${digit.repeat(64)}`

/** The service `web` of the simplest project: port 8080 of the host is port 3000 of the container. */
export function web(changes: Partial<ComposeService> = {}): ComposeService {
  return {
    image: "registry.test/app:1.0.0",
    ports: [{ target: 3000, published: "8080", protocol: "tcp", mode: "ingress" }],
    networks: { default: null },
    restart: "unless-stopped",
    ...changes,
  }
}

/** A published TCP port of a service. */
export const port = (published: number, target = 3000, hostIp?: string) => ({
  target,
  published: String(published),
  protocol: "tcp",
  mode: "ingress",
  ...(hostIp === undefined ? {} : { host_ip: hostIp }),
})

export function config(services: Record<string, ComposeService> = { web: web() }): ComposeConfig {
  return { name: "shop", services, networks: { default: { name: "shop_default" } } }
}

/** A running container of `web` in the current release. */
export function container(changes: Partial<Container> = {}): Container {
  return {
    id: "old1",
    name: "shop-web-1",
    image: `registry.test/app@${digest("a")}`,
    state: "running",
    project: "shop",
    service: "web",
    oneoff: "False",
    release: "3",
    proxy: null,
    ports: {},
    ...changes,
  }
}

/** A container that no Compose project knows. */
export const stranger = (changes: Partial<Container> = {}) =>
  container({ id: "other", name: "other", project: null, service: null, release: null, ...changes })

/** Port bindings of a container, as `docker inspect` shows them. */
export const bound = (published: number, inner = published) => ({
  [`${inner}/tcp`]: [{ HostIp: "", HostPort: String(published) }],
})

export const proxy = (changes: Partial<Container> = {}) =>
  stranger({ id: "proxy", name: "shop-seamless-proxy", proxy: "shop", ports: bound(8080), ...changes })

/** The record of the current release, number 3. */
export function run(changes: Partial<Run> = {}): Run {
  return {
    id: "3.abc",
    project: "shop",
    verdict: "deployed",
    release: 3,
    kind: "deploy",
    repository: "registry.test/app",
    tag: "1.0.0",
    digest: digest("a"),
    services: ["web"],
    hashes: "web=h1",
    by: "ada@laptop",
    commit: "c0ffee",
    at: "2026-01-01T10:00:00.000Z",
    ms: 4_200,
    reason: "",
    migrated: false,
    step: "",
    branch: "main",
    ...changes,
  }
}

/** The simplest world: release 3 of `web` serves on port 8080 behind the proxy. */
export function world(changes: Partial<HostState> = {}): HostState {
  return {
    missing: [],
    daemon: { version: "28.2.2", architecture: "x86_64", security: [] },
    compose: "2.40.3",
    home: "/home/deploy",
    directory: "/home/deploy/shop",
    writable: true,
    envFileFound: false,
    files: ["compose.yml"],
    separator: ":",
    missingFiles: [],
    misplacedSettings: [],
    tag: "1.0.0",
    config: config(),
    warnings: "",
    hashes: { web: "h1" },
    containers: [container(), proxy()],
    listening: [8080],
    current: 3,
    slots: "a",
    hooks: [],
    kept: [],
    runs: [run()],
    ...changes,
  }
}

/** A host with the project and its images' first release still to come: nothing runs. */
export function empty(changes: Partial<HostState> = {}): HostState {
  const { current: _, ...state } = world({ containers: [], listening: [], runs: [], tag: "", slots: "" })
  return { ...state, ...changes }
}

/** What is to run: version 1.1.0. */
export function desired(changes: Partial<Desired> = {}): Desired {
  return {
    repository: "registry.test/app",
    tag: "1.1.0",
    digest: digest("b"),
    services: [],
    tagVariable: "IMAGE_TAG",
    health: { path: "/health", status: 200, count: 3 },
    readyTimeout: 60_000,
    publicTimeout: 10_000,
    drainTimeout: 30_000,
    errorRate: 5,
    proxyImage: "haproxy:lts",
    allowGap: false,
    migrateTimeout: 600_000,
    diskReserve: 500,
    keep: 5,
    force: false,
    kind: "deploy",
    by: "ada@laptop",
    commit: "c0ffee",
    branch: "main",
    at: "2026-01-02T10:00:00.000Z",
    ...changes,
  }
}

/** The plan for a world; the simplest ones by default. */
export const plan = (state: HostState = world(), wanted: Desired = desired()): Plan =>
  planRollout(state, wanted, "shop")

/** A plan's steps, a line each: the verb and its arguments. */
export const commands = ({ steps }: Plan) => steps.map(({ verb, args }) => [verb, ...args].join(" "))

export const verbs = ({ steps }: Plan) => steps.map(({ verb }) => verb)
