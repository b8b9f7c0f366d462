import type { Service } from "@dagger.io/dagger"
import { afterAll, beforeAll, expect, it } from "vitest"
import { askRegistryBy, type Fault, startFaulty, startRegistry } from "../support/registry/registries.ts"
import { openSession, type Session } from "../support/session.ts"
import { webServer } from "../support/web-server.ts"

let session: Session
let registry: Service
beforeAll(async () => {
  session = await openSession()
  registry = await startRegistry(session.client)
})
afterAll(() => session.close())

const tags = ["one", "two", "three"]

/** Publishes an image that no registry has, with three tags. @returns Its digest, and what the registry was asked after the first push. */
async function publish(faults: Fault[]): Promise<{ digest: string; log: string[] }> {
  const { client } = session
  const faulty = await startFaulty(registry, faults, client)
  const source = webServer(client, { id: crypto.randomUUID() })
  const said = (await session.call("publish", {
    ...{ source: await source.id(), repository: "registry:5000/app", tags, noCache: true },
    ...{ healthPath: "/", healthCount: 1, registryService: await faulty.id() },
  })) as string
  const digest = /:one@(\S+)/.exec(said)?.[1] ?? ""
  expect(said.split("\n")).toEqual(
    expect.arrayContaining(tags.map((tag) => `registry:5000/app:${tag}@${digest}`)),
  )
  const log = (await askRegistryBy(client, faulty, "/log")).split("\n")
  const first = log.findIndex((line) => line.includes("PUT /v2/app/manifests/one "))
  expect(first).toBeGreaterThan(0)
  return { digest, log: log.slice(first + 1) }
}

const digestOf = async (tag: string) =>
  (await askRegistryBy(session.client, registry, `/v2/app/manifests/${tag}`, "HEAD")).trim()

it("a tag after the first is one request, and none for a layer", async () => {
  const { digest, log } = await publish([])
  expect(log.filter((line) => /^PUT /.test(line))).toHaveLength(2)
  expect(log.filter((line) => /^(HEAD|POST|PATCH|PUT) \S*\/blobs\//.test(line))).toEqual([])
  for (const tag of tags) expect(await digestOf(tag)).toBe(digest)
})

it("a registry whose API the module cannot use gets every tag from the engine", async () => {
  const { digest, log } = await publish([{ method: "GET", path: "^/v2/$", times: 99, status: 500 }])
  expect(log.some((line) => /^HEAD \S*\/blobs\//.test(line))).toBe(true)
  for (const tag of tags) expect(await digestOf(tag)).toBe(digest)
})

it("a tag that the API did not set is pushed by the engine", async () => {
  const { digest, log } = await publish([{ method: "PUT", path: "manifests/two", times: 1, status: 503 }])
  expect(log.filter((line) => line.includes("PUT /v2/app/manifests/two "))).toHaveLength(2)
  for (const tag of tags) expect(await digestOf(tag)).toBe(digest)
})
