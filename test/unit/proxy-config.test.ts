import { describe, expect, test } from "vitest"
import { proxyConfig, publish, type Route } from "../../src/core/proxy-config.ts"

const web: Route = { service: "web", published: 8080, target: 3000 }

/** The sections that differ from one project to the next. */
const sections = (text: string) => text.slice(text.indexOf("\nfrontend ")).trim().split("\n\n")

describe("the sections of a port", () => {
  test("with one replica in the first set", () => {
    const text = proxyConfig([web], [{ service: "web", slots: "a", replicas: 1, alias: "shop-web-r1" }])
    expect(sections(text)).toEqual([
      "frontend web_8080\n  bind :8080\n  default_backend web_8080",
      [
        "backend web_8080",
        "  server-template a.web. 1-1 shop-web-r1:3000 resolvers docker init-addr last,libc,none",
        "  server-template a.web. 2-16 127.0.0.1:1 resolvers docker disabled",
        "  server-template b.web. 1-16 127.0.0.1:1 resolvers docker disabled",
      ].join("\n"),
    ])
  })

  test("with three replicas in the second set", () => {
    const text = proxyConfig([web], [{ service: "web", slots: "b", replicas: 3, alias: "shop-web-r2" }])
    expect(sections(text)[1]?.split("\n").slice(1)).toEqual([
      "  server-template a.web. 1-16 127.0.0.1:1 resolvers docker disabled",
      "  server-template b.web. 1-3 shop-web-r2:3000 resolvers docker init-addr last,libc,none",
      "  server-template b.web. 4-16 127.0.0.1:1 resolvers docker disabled",
    ])
  })

  test("with as many replicas as there are slots", () => {
    const text = proxyConfig([web], [{ service: "web", slots: "a", replicas: 16, alias: "x" }])
    expect(sections(text)[1]?.split("\n").slice(1)).toEqual([
      "  server-template a.web. 1-16 x:3000 resolvers docker init-addr last,libc,none",
      "  server-template b.web. 1-16 127.0.0.1:1 resolvers docker disabled",
    ])
  })

  test("before there is any version: no slot has a name", () => {
    expect(
      sections(proxyConfig([web], []))[1]
        ?.split("\n")
        .slice(1),
    ).toEqual([
      "  server-template a.web. 1-16 127.0.0.1:1 resolvers docker disabled",
      "  server-template b.web. 1-16 127.0.0.1:1 resolvers docker disabled",
    ])
  })

  test("of several services: each backend has the servers of its own", () => {
    const routes: Route[] = [
      web,
      { service: "web", published: 80, target: 3001 },
      { service: "api", published: 9090, target: 4000 },
    ]
    const text = proxyConfig(routes, [
      { service: "web", slots: "a", replicas: 1, alias: "shop-web-r7" },
      { service: "api", slots: "a", replicas: 1, alias: "shop-api-r7" },
    ])
    const taken = sections(text).flatMap(
      (section) => section.match(/^(?:backend|frontend) .*|bind .*|a\.\S+ 1-1 \S+/gm) ?? [],
    )
    expect(taken).toEqual([
      ...[
        "frontend web_8080",
        "bind :8080",
        "frontend web_80",
        "bind :64080",
        "frontend api_9090",
        "bind :9090",
      ],
      ...["backend web_8080", "a.web. 1-1 shop-web-r7:3000", "backend web_80", "a.web. 1-1 shop-web-r7:3001"],
      ...["backend api_9090", "a.api. 1-1 shop-api-r7:4000"],
    ])
  })
})

test("a port on two addresses of the host is one port inside the proxy", () => {
  const servers = [{ service: "web", slots: "a" as const, replicas: 1, alias: "shop-web-r1" }]
  const both = [
    { ...web, hostIp: "127.0.0.1" },
    { ...web, hostIp: "::1" },
  ]
  expect(proxyConfig(both, servers)).toBe(proxyConfig([web], servers))
})

test("the runtime API listens on the container's own loopback only", () => {
  expect(proxyConfig([web], []).match(/stats socket \S+/g)).toEqual(["stats socket ipv4@127.0.0.1:65535"])
})

test("no request is repeated that may have reached the app", () => {
  expect(proxyConfig([web], []).match(/retry-on .*/g)).toEqual(["retry-on conn-failure"])
})

test.each<[route: Partial<Route>, value: string]>([
  [{}, "8080:8080"],
  [{ published: 80 }, "80:64080"],
  [{ published: 1023 }, "1023:65023"],
  [{ published: 1024 }, "1024:1024"],
  [{ hostIp: "127.0.0.1" }, "127.0.0.1:8080:8080"],
  [{ hostIp: "::1", published: 443 }, "[::1]:443:64443"],
  [{ hostIp: "::" }, "[::]:8080:8080"],
])("a route with %j is published as %s", (route, value) => {
  expect(publish({ ...web, ...route })).toBe(value)
})
