import { describe, expect, test } from "vitest"
import type { Container } from "../../src/core/host-state.ts"
import { checkPorts, publishedPorts } from "../../src/core/ports.ts"
import type { Route } from "../../src/core/proxy-config.ts"
import { bound, container, empty, proxy, stranger } from "./support/world.ts"

const routes: Route[] = [{ service: "web", published: 8080, target: 3000 }]

/** Checks the routes on a host with these containers, where these ports listen. */
const check = (containers: Container[], listening: number[] = [8080], wanted = routes) =>
  checkPorts(empty({ containers, listening }), "shop", wanted)

test.each<[ports: Container["ports"], published: number[]]>([
  [null, []],
  [{}, []],
  [{ "3000/tcp": null }, []],
  [{ "3000/tcp": [{ HostIp: "", HostPort: "8080" }] }, [8080]],
  [
    {
      "3000/tcp": [
        { HostIp: "0.0.0.0", HostPort: "80" },
        { HostIp: "::", HostPort: "81" },
      ],
      "53/udp": [{ HostIp: "", HostPort: "53" }],
    },
    [80, 81, 53],
  ],
])("a container with the bindings %j holds %j", (ports, published) => {
  expect(publishedPorts(container({ ports }))).toEqual(published)
})

describe("a port is free for the proxy when", () => {
  test.each<[what: string, containers: Container[], listening: number[]]>([
    ["nobody holds it", [], []],
    ["the proxy holds it", [proxy()], [8080]],
    ["the service's own container holds it", [container({ ports: bound(8080, 3000) })], [8080]],
    ["a stranger that does not run would hold it", [stranger({ state: "exited", ports: bound(8080) })], []],
    ["a stranger holds another one", [stranger({ ports: bound(9090) })], [9090]],
  ])("%s", (_, containers, listening) => {
    expect(() => check(containers, listening)).not.toThrow()
  })
})

describe("refused, with the holder's name:", () => {
  test.each<[what: string, containers: Container[], message: string]>([
    [
      "a container of nobody",
      [stranger({ name: "nginx", ports: bound(8080, 80) })],
      "services.web.ports: the port 8080 is held by the container nginx\n  → stop it, or publish another port",
    ],
    [
      "another service of the project",
      [container({ service: "api", name: "shop-api-1", ports: bound(8080) })],
      "is held by the container shop-api-1",
    ],
    [
      "the same service of another project",
      [container({ project: "blog", name: "blog-web-1", ports: bound(8080) })],
      "is held by the container blog-web-1",
    ],
    [
      "the proxy of another project",
      [proxy({ name: "blog-seamless-proxy", proxy: "blog" })],
      "is held by the container blog-seamless-proxy",
    ],
    [
      "a run of the service by hand",
      [container({ oneoff: "True", name: "shop-web-run-1", ports: bound(8080) })],
      "is held by the container shop-web-run-1",
    ],
    [
      "a process",
      [],
      "services.web.ports: the port 8080 is held by a process on the host that is no container\n  → ",
    ],
    ["a process, the service running unpublished", [container()], "is held by a process on the host"],
  ])("%s", (_, containers, message) => {
    expect(() => check(containers)).toThrow(message)
  })
})

test("refuses a port that the running proxy does not have yet", () => {
  const more: Route[] = [
    ...routes,
    { service: "api", published: 443, target: 4430 },
    { service: "api", published: 9090, target: 9090 },
  ]
  expect(() => check([proxy()], [8080], more)).toThrow(
    "services.api.ports: the proxy shop-seamless-proxy does not publish 443, 9090 yet\n  → remove the proxy (docker rm -f shop-seamless-proxy)",
  )
})

test("knows a low port of the proxy by the port that it has inside", () => {
  const low: Route[] = [{ service: "web", published: 80, target: 3000 }]
  expect(() => check([proxy({ ports: bound(80, 64_080) })], [80], low)).not.toThrow()
  expect(() => check([proxy({ ports: bound(8080, 80) })], [], low)).toThrow("does not publish 80 yet")
})

test.each<[other: Partial<Route>, message: string]>([
  [{ hostIp: "10.0.0.5", target: 3001 }, "the port 8080 leads to web:3000 and to web:3001"],
  [{ hostIp: "10.0.0.5", service: "api" }, "the port 8080 leads to web:3000 and to api:3000"],
])("refuses one port that leads to two places: %j", (other, message) => {
  const two = routes.flatMap((route) => [route, { ...route, ...other }])
  expect(() => check([], [], two)).toThrow(`services.web.ports: ${message}\n  → `)
})

test("takes one port on two addresses", () => {
  const two = ["127.0.0.1", "::1"].flatMap((hostIp) => routes.map((route) => ({ ...route, hostIp })))
  expect(() => check([], [], two)).not.toThrow()
})
