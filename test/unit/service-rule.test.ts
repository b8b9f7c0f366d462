import { describe, expect, test } from "vitest"
import type { ComposeConfig, ComposeService } from "../../src/core/compose.ts"
import { InputError } from "../../src/core/errors.ts"
import { selectServices, serviceRule } from "../../src/core/service-rule.ts"
import { config, desired, port, web } from "./support/world.ts"

describe("which services are replaced", () => {
  const services = {
    web: web(),
    redis: { image: "redis:7" },
    worker: web({ image: `registry.test/app:1@sha256:${"a".repeat(64)}` }),
    built: {},
  }
  const select = (repository: string, asked: string[] = []) =>
    selectServices(config(services), { repository, services: asked })

  test.each<[repository: string, asked: string[], found: string[]]>([
    ["registry.test/app", [], ["web", "worker"]],
    ["registry.test/app", ["worker"], ["worker"]],
    ["redis", [], ["redis"]],
    ["docker.io/library/redis", [], ["redis"]],
  ])("%s %j: %j", (repository, asked, found) => {
    expect(select(repository, asked)).toEqual(found)
  })

  test.each<[image: string]>([
    ["localhost:5000/app"],
    ["localhost:5000/app:1.0"],
    ["localhost:5000/app:${TAG"],
  ])("the registry's port in %s is no tag", (image) => {
    expect(
      selectServices(config({ web: web({ image }) }), { repository: "localhost:5000/app", services: [] }),
    ).toEqual(["web"])
  })

  test.each<[repository: string, asked: string[], message: string]>([
    [
      "registry.test/app",
      ["web", "api"],
      'services[1]: the Compose file has no service "api"\n  → it has web, redis, worker, built',
    ],
    [
      "registry.test/app",
      ["redis"],
      "services[0]: the service redis runs redis:7, not registry.test/app\n  → ",
    ],
    [
      "registry.test/app",
      ["built"],
      "services[0]: the service built runs no image, not registry.test/app\n  → ",
    ],
    [
      "registry.test/other",
      [],
      "repository: no service of the Compose file runs registry.test/other\n  → write image: registry.test/other:${IMAGE_TAG} for the service (found web: registry.test/app:1.0.0, redis: redis:7",
    ],
  ])("refuses %s %j", (repository, asked, message) => {
    expect(() => select(repository, asked)).toThrow(message)
  })

  test("an image that is no reference is nobody's, and no crash", () => {
    expect(() =>
      selectServices(config({ web: web({ image: "${" }) }), { repository: "app", services: [] }),
    ).toThrow("no service of the Compose file runs app")
  })
})

const rule = (service: ComposeService, changes: Partial<ComposeConfig> = {}, wanted = desired()) =>
  serviceRule({ ...config({ web: service }), ...changes }, "web", wanted)

describe("the rule of an HTTP service with published ports", () => {
  test("takes Docker's own defaults", () => {
    expect(rule(web())).toEqual({
      service: "web",
      replicas: 1,
      routes: [{ service: "web", published: 8080, target: 3000 }],
      health: { path: "/health", status: 200, port: 3000 },
      soak: 5_000,
      stopGrace: 10_000,
      restart: "unless-stopped",
      dependsOn: [],
      network: { key: "default", name: "shop_default" },
      why: "web publishes 8080: the new version starts next to the old one, behind the proxy",
    })
  })

  test.each<[what: string, service: Partial<ComposeService>, part: object]>([
    ["replicas", { deploy: { replicas: 3 } }, { replicas: 3 }],
    ["scale before replicas", { deploy: { replicas: 3 }, scale: 2 }, { replicas: 2 }],
    ["the most replicas", { deploy: { replicas: 16 } }, { replicas: 16 }],
    ["monitor", { deploy: { update_config: { monitor: "1m" } } }, { soak: 60_000 }],
    [
      "failure_action: continue",
      { deploy: { update_config: { failure_action: "continue", monitor: "1m" } } },
      { soak: 0 },
    ],
    ["failure_action: pause", { deploy: { update_config: { failure_action: "pause" } } }, { soak: 5_000 }],
    ["order: start-first", { deploy: { update_config: { order: "start-first" } } }, { soak: 5_000 }],
    ["deploy: null", { deploy: null }, { replicas: 1 }],
    ["stop_grace_period", { stop_grace_period: "2m30s" }, { stopGrace: 150_000 }],
    ["depends_on", { depends_on: { db: { condition: "service_healthy" } } }, { dependsOn: ["db"] }],
    [
      "an address",
      { ports: [port(8080, 3000, "127.0.0.1")] },
      { routes: [{ service: "web", published: 8080, target: 3000, hostIp: "127.0.0.1" }] },
    ],
    [
      "two ports: the first is asked",
      { ports: [port(443, 4430), port(80)] },
      { health: { path: "/health", status: 200, port: 4430 } },
    ],
    [
      "a port without a protocol",
      { ports: [{ target: 3000, published: "8080" }] },
      { routes: [{ service: "web", published: 8080, target: 3000 }] },
    ],
    ["no networks key", { networks: null }, { network: { key: "default", name: "shop_default" } }],
    ["a bind mount", { volumes: [{ type: "bind", source: "/srv", target: "/data" }] }, { replicas: 1 }],
    ["an anonymous volume", { volumes: [{ type: "volume", target: "/tmp" }] }, { replicas: 1 }],
    [
      "a shared volume of two",
      { volumes: [{ type: "volume", source: "data", target: "/data" }], scale: 2 },
      { replicas: 2 },
    ],
    ["a fixed name", { container_name: "web" }, { service: "web" }],
  ])("honours %s", (_, service, part) => {
    expect(rule(web(service))).toMatchObject(part)
  })

  test.each<[what: string, networks: ComposeConfig["networks"], expected: object]>([
    ["with a name", { default: { name: "custom" } }, { key: "default", name: "custom" }],
    ["without one", { default: null }, { key: "default", name: "shop_default" }],
    ["not described", {}, { key: "default", name: "shop_default" }],
  ])("finds its network %s", (_, networks, network) => {
    expect(rule(web(), { networks }).network).toEqual(network)
  })

  test("takes the first network that is not internal", () => {
    const networks = { back: { internal: true }, front: { name: "front" } }
    const service = web({ networks: { back: null, front: null } })
    expect(rule(service, { networks }).network).toEqual({ key: "front", name: "front" })
  })

  test("the caller's soak and port come first", () => {
    const wanted = desired({ soak: 1_000, health: { path: "/up", status: 204, count: 1, port: 9000 } })
    expect(rule(web({ deploy: { update_config: { monitor: "1m" } } }), {}, wanted)).toMatchObject({
      soak: 1_000,
      health: { path: "/up", status: 204, port: 9000 },
    })
  })
})

test.each<[service: Partial<ComposeService>, problem: string]>([
  [{ network_mode: "host" }, "it uses network_mode: host"],
  [{ network_mode: "service:vpn", ports: [] }, "it uses network_mode: service:vpn"],
  [{ ports: [] }, "it publishes no port"],
  [{ ports: [port(8080), { ...port(53, 53), protocol: "udp" }] }, "its port 53 is udp"],
  [{ ports: [{ target: 3000, protocol: "tcp" }] }, "its port 3000 is not published on one fixed port"],
  [{ ports: [{ target: 3000, published: "" }] }, "its port 3000 is not published on one fixed port"],
  [{ ports: [{ target: 3000, published: "8000-8010" }] }, "its port 3000 is not published on one fixed port"],
  [{ ports: [port(64_000)] }, "it publishes a port from 64000 on, where the proxy's own begin"],
  [{ ports: [port(65_535)] }, "it publishes a port from 64000 on, where the proxy's own begin"],
  [{ deploy: { mode: "global" } }, "it has deploy.mode: global"],
  [{ deploy: { update_config: { order: "stop-first" } } }, "it asks for update_config.order: stop-first"],
  [{ deploy: { replicas: 0 } }, "it has no replicas"],
  [{ deploy: { replicas: 2 }, scale: 0 }, "it has no replicas"],
  [{ scale: 17 }, "it has more than 16 replicas"],
  [
    {
      volumes: [
        { type: "bind", source: "/etc", target: "/etc" },
        { type: "volume", source: "data", target: "/data" },
      ],
    },
    "it keeps data in the volume data with one replica",
  ],
  [{ networks: { default: { ipv4_address: "10.0.0.7" } } }, "it has the fixed address 10.0.0.7"],
  [{ networks: { a: null, default: { ipv6_address: "fd00::7" } } }, "it has the fixed address fd00::7"],
])("refuses %j", (service, problem) => {
  expect(() => rule(web(service))).toThrow(InputError)
  expect(() => rule(web(service))).toThrow(
    `services.web: ${problem}\n  → only HTTP services with published TCP ports`,
  )
})

test.each<[service: Partial<ComposeService>, message: string]>([
  [
    { deploy: { update_config: { monitor: "soon" } } },
    'services.web.deploy.update_config.monitor: "soon" is not a duration',
  ],
  [{ stop_grace_period: "-1s" }, 'services.web.stop_grace_period: "-1s" is not a duration'],
])("names the path of a wrong value: %j", (service, message) => {
  expect(() => rule(web(service))).toThrow(message)
})

test("refuses a service of which all networks are internal", () => {
  const networks = { back: { internal: true }, inner: { internal: true } }
  expect(() => rule(web({ networks: { back: null, inner: null } }), { networks })).toThrow(
    "services.web.networks: all its networks are internal (back, inner)\n  → ",
  )
})
