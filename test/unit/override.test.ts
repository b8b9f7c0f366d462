import { expect, test } from "vitest"
import { parse } from "yaml"
import { overrideFile, unboundFile } from "../../src/core/override.ts"

const web = {
  service: "web",
  image: "registry.test/app@sha256:aa",
  release: 4,
  network: "default",
  alias: "shop-web-r4",
}

test("pins a service to its release", () => {
  expect(overrideFile([web])).toBe(`# Written by Seamless.
services:
  "web":
    ports: !reset []
    container_name: !reset null
    image: "registry.test/app@sha256:aa"
    labels:
      seamless.release: "4"
    networks:
      "default":
        aliases: ["shop-web-r4"]
`)
})

test("instead of the user's files: the service as an earlier release had it", () => {
  expect(
    overrideFile([{ ...web, rendered: "/home/deploy/my shop/.seamless/releases/4/rendered.yml" }]),
  ).toBe(`# Written by Seamless.
services:
  "web": !override
    extends: { file: "/home/deploy/my shop/.seamless/releases/4/rendered.yml", service: "web" }
    image: "registry.test/app@sha256:aa"
    labels:
      seamless.release: "4"
    networks:
      "default":
        aliases: ["shop-web-r4"]
`)
})

test("for the rendering: without what binds a service to one container", () => {
  expect(unboundFile(["web", "api"])).toBe(`services:
  "web":
    ports: !reset []
    container_name: !reset null
  "api":
    ports: !reset []
    container_name: !reset null
`)
})

test("of several services, and of names that YAML would read as something else, it is what was meant", () => {
  const odd = { ...web, service: "no", network: "1.0", alias: "shop-no-r4" }
  const read = parse(overrideFile([web, odd]), {
    customTags: [
      { tag: "!reset", collection: "seq" },
      { tag: "!reset", resolve: () => null },
    ],
  })
  expect(Object.keys(read.services)).toEqual(["web", "no"])
  expect(read.services.no).toEqual({
    image: "registry.test/app@sha256:aa",
    ports: [],
    container_name: null,
    labels: { "seamless.release": "4" },
    networks: { "1.0": { aliases: ["shop-no-r4"] } },
  })
})
