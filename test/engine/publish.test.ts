import { type Container, dag, type Service } from "@dagger.io/dagger"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { destinations } from "../../src/destinations.ts"
import { publishImage, resolveImage } from "../../src/publish.ts"
import type { Registry } from "../../src/registry.ts"
import {
  askRegistry,
  type Fault,
  openSession,
  startFaulty,
  startRegistry,
  startRegistryWithLogin,
} from "../support/registry/registries.ts"

let close = () => {}
beforeAll(async () => {
  close = await openSession()
})
afterAll(() => close())

/** The engine speaks plain HTTP to a registry named localhost. */
const repository = "localhost:5000/app"
const app = (service: Service): Registry => ({ repository, service })

/** An image that no registry has yet. */
const newImage = (): Container => dag.container().withNewFile("/id", crypto.randomUUID())

const digestOf = async (registry: Service, tag: string, name = "app") =>
  (await askRegistry(registry, `/v2/${name}/manifests/${tag}`, "HEAD")).trim()

describe("a registry that has trouble", () => {
  let registry: Service
  beforeAll(async () => {
    registry = await startRegistry()
  })

  async function push(faults: Fault[], tags: string[], patience: number, image = newImage()) {
    const faulty = await startFaulty(registry, faults)
    const outcome = await publishImage([image], [app(faulty)], tags, patience).catch((error: Error) => error)
    const log = (await askRegistry(faulty, "/log")).split("\n")
    return {
      outcome,
      puts: (tag: string) => log.filter((line) => line.includes(`PUT /v2/app/manifests/${tag} `)),
    }
  }

  it.each<[what: string, fault: Fault, said: RegExp]>([
    ["answers 503 twice", { method: "PUT", path: "manifests/a1", times: 2, status: 503 }, /429 or 503/],
    ["answers 429 once", { method: "PUT", path: "manifests/a2", times: 1, status: 429 }, /./],
    [
      "resets the connection of a manifest",
      { method: "PUT", path: "manifests/a3", times: 2, cut: true },
      /connection reset by peer/,
    ],
    [
      "resets the connection of a layer",
      { method: "PUT", path: "blobs", times: 2, cut: true },
      /connection reset by peer/,
    ],
    [
      "answers 500 to the look at what was pushed",
      { method: "HEAD", path: "manifests/a5", times: 4, status: 500 },
      /./,
    ],
  ])("%s: it is pushed all the same, and said", async (_, fault, said) => {
    const tag = /a\d/.exec(fault.path)?.[0] ?? "a4"
    const { outcome } = await push([fault], [tag], 30_000)
    if (outcome instanceof Error) throw outcome
    expect(outcome.digest).toBe(await digestOf(registry, tag))
    expect(outcome.retries.length).toBeGreaterThan(0)
    for (const retry of outcome.retries) expect(retry).toMatch(said)
  })

  it.each([
    [403, /^registryToken: the registry refuses the push to localhost:5000\/app\n/],
    [401, /^registryToken: the registry refuses the push/],
    [404, /^repository: the push to localhost:5000\/app failed: .*404 Not Found/],
    [400, /^repository: the push to localhost:5000\/app failed: .*400 Bad Request/],
  ])("answers %d: asked once, and not again", async (status, message) => {
    const { outcome, puts } = await push(
      [{ method: "PUT", path: "manifests/b", times: 99, status }],
      ["b"],
      60_000,
    )
    expect((outcome as Error).message).toMatch(message)
    expect(puts("b")).toHaveLength(1)
  })

  it("answers 502 for longer than the patience: the error says how often, how long and what was pushed", async () => {
    const { outcome, puts } = await push(
      [{ method: "PUT", path: "manifests/c2", times: 99, status: 502 }],
      ["c1", "c2"],
      4_000,
    )
    const { message } = outcome as Error
    expect(message).toMatch(
      /^the push of localhost:5000\/app:c2 failed (\d) times in \d.*s, the last time with 502 Bad Gateway to PUT/,
    )
    expect(message).toContain("pushed before: localhost:5000/app:c1")
    expect(puts("c2")).toHaveLength(Number(/failed (\d) times/.exec(message)?.[1]))
    expect(puts("c2").length).toBeGreaterThan(1)
  })

  it("with a patience of 0 a push is tried once", async () => {
    const { outcome, puts } = await push(
      [{ method: "PUT", path: "manifests/d", times: 1, status: 502 }],
      ["d"],
      0,
    )
    expect((outcome as Error).message).toMatch(
      /^the push of localhost:5000\/app:d failed, the last time with 502 Bad Gateway .*\n.*nothing was pushed$/,
    )
    expect(puts("d")).toHaveLength(1)
  })

  it("lets a tag point elsewhere: that is found by asking it, and is an error", async () => {
    const first = await push([], ["e1", "e2"], 0)
    if (first.outcome instanceof Error) throw first.outcome
    const { outcome } = await push(
      [{ method: "PUT", path: "manifests/e2", times: 1, instead: "/v2/app/manifests/lost" }],
      ["e1", "e2"],
      0,
    )
    const { message } = outcome as Error
    expect(message).toContain(`localhost:5000/app:e2 is ${first.outcome.digest} in the registry, and sha256:`)
  })

  it("is asked anew each time, in one session too", async () => {
    const reference = { registry: "localhost:5000", path: "app", tag: "f" }
    const digests: string[] = []
    for (const _ of [1, 2]) {
      const { outcome } = await push([], ["g"], 0)
      if (outcome instanceof Error) throw outcome
      // Past the engine: it cannot know that the tag has moved.
      const manifest = await askRegistry(registry, "/v2/app/manifests/g")
      const type = "application/vnd.oci.image.manifest.v1+json"
      await askRegistry(registry, "/v2/app/manifests/f", "PUT", type, manifest)
      digests.push(await resolveImage(reference, app(registry)))
      expect(digests.at(-1)).toBe(outcome.digest)
    }
    expect(new Set(digests).size).toBe(2)
  })
})

describe("several repositories", () => {
  // First, since the engine keeps a login for the rest of its session.
  it("without the login: the registry that refuses is named, and what was pushed before", async () => {
    const [open, locked] = await Promise.all([startRegistry(), startRegistryWithLogin()])
    const to = [app(open), { repository: "registry:5000/acme/web", service: locked }] as const
    await expect(publishImage([newImage()], to, ["1"], 60_000)).rejects.toThrow(
      /^registryToken: the registry refuses the push to registry:5000\/acme\/web\n.*pushed before: localhost:5000\/app:1$/,
    )
  })

  it("have every tag with one digest; each registry gets its own login from a Docker configuration", async () => {
    const [open, locked] = await Promise.all([startRegistry(), startRegistryWithLogin()])
    const config = JSON.stringify({ auths: { "http://registry:5000": { auth: btoa("ci:seamless") } } })
    const [home, mirror, ...more] = await destinations({
      ...{ repository, also: ["registry:5000/acme/web"], service: open },
      config: dag.setSecret("config", config),
    })
    expect(more).toEqual([])
    const to = [home, { ...(mirror as Registry), service: locked }] as const
    const { digest, names, retries } = await publishImage([newImage()], to, ["1.0.0", "1.0", "latest"], 0)
    expect(names).toEqual([
      ...["1.0.0", "1.0", "latest"].map((tag) => `localhost:5000/app:${tag}`),
      ...["1.0.0", "1.0", "latest"].map((tag) => `registry:5000/acme/web:${tag}`),
    ])
    for (const tag of ["1.0.0", "1.0", "latest"]) {
      expect(await digestOf(open, tag)).toBe(digest)
      expect(await digestOf(locked, tag, "acme/web")).toBe(digest)
    }
    expect(retries).toEqual([])
  })
})
