import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { RegistryApi, RegistryError } from "../../src/registry-api.ts"

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void

let server: Server | undefined
const seen: string[] = []

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  seen.length = 0
})

/** A registry that answers as told; returns its host. */
async function registry(handle: Handler): Promise<string> {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? "-"}`)
    handle(request, response, new URL(request.url ?? "", "http://x"))
  })
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const open = (host: string, login: { user?: string; password?: string } = {}) =>
  RegistryApi.open({ host, path: "acme/web", plain: true, ...login }, "pull,push")

const image = JSON.stringify({ schemaVersion: 2 })
const imageDigest = `sha256:${createHash("sha256").update(image).digest("hex")}`

const reply = (response: ServerResponse, status: number, body = "", headers: Record<string, string> = {}) =>
  response.writeHead(status, headers).end(body)

test("a manifest comes with the digest of what was sent", async () => {
  const host = await registry((_, response, { pathname }) =>
    pathname === "/v2/acme/web/manifests/1"
      ? reply(response, 200, image, { "content-type": "application/x; charset=utf-8" })
      : reply(response, pathname === "/v2/" ? 200 : 404),
  )
  const api = await open(host)
  expect(await api.manifest("1")).toMatchObject({ mediaType: "application/x", digest: imageDigest })
  expect(await api.manifest("2")).toBeUndefined()
})

test("a login is exchanged for a token, once", async () => {
  const host = await registry((request, response, { pathname, searchParams }) => {
    if (pathname === "/token") {
      expect([...searchParams]).toEqual([
        ["service", "reg"],
        ["scope", "repository:acme/web:pull,push"],
      ])
      return reply(response, 200, '{"token":"t"}')
    }
    if (request.headers.authorization === "Bearer t") return reply(response, 200, image)
    return reply(response, 401, "", {
      "www-authenticate": `Bearer realm="http://${request.headers.host}/token",service="reg"`,
    })
  })
  const api = await open(host, { user: "ci", password: "pä" })
  await api.manifest("1")
  await api.manifest("2")
  const basic = `Basic ${Buffer.from("ci:pä").toString("base64")}`
  expect(seen).toEqual([
    "GET /v2/ -",
    "GET /v2/acme/web/manifests/1 -",
    `GET /token?service=reg&scope=repository%3Aacme%2Fweb%3Apull%2Cpush ${basic}`,
    "GET /v2/acme/web/manifests/1 Bearer t",
    "GET /v2/acme/web/manifests/2 Bearer t",
  ])
})

test("a login is given where it is wanted itself", async () => {
  const host = await registry((request, response) =>
    request.headers.authorization === undefined
      ? reply(response, 401, "", { "www-authenticate": 'Basic realm="x"' })
      : reply(response, 200, image),
  )
  await expect((await open(host, { user: "u", password: "p" })).manifest("1")).resolves.toBeDefined()
})

test.each<[what: string, handle: Handler, error: string]>([
  [
    "a refusal, in the registry's words",
    (_, response, { pathname }) =>
      pathname === "/v2/"
        ? reply(response, 200)
        : reply(response, 403, '{"errors":[{"code":"DENIED","message":"no access for you"}]}'),
    "the registry does not show the image 1: no access for you (403)",
  ],
  [
    "a fault",
    (_, response, { pathname }) => reply(response, pathname === "/v2/" ? 200 : 500),
    "the registry does not show the image 1: (500)",
  ],
  [
    "a login of another kind",
    (_, response) => reply(response, 401, "", { "www-authenticate": "Negotiate" }),
    "wants a login of an unknown kind",
  ],
  ["no registry", (_, response) => reply(response, 404), "does not answer: "],
  ["a connection that breaks", (request) => void request.socket.destroy(), "does not answer: "],
])("%s is an error", async (_, handle, message) => {
  const host = await registry(handle)
  const asked = (async () => (await open(host, { user: "u", password: "geheim" })).manifest("1"))()
  await expect(asked).rejects.toThrow(RegistryError)
  await expect(asked).rejects.toThrow(message)
  await expect(asked).rejects.not.toThrow("geheim")
})

test("a login never goes out without encryption", async () => {
  const host = await registry((_, response) => reply(response, 200))
  const access = { host, path: "acme/web", user: "u", password: "p", plain: false }
  await expect(RegistryApi.open(access, "pull")).rejects.toThrow("does not answer")
  expect(seen).toEqual([])
})

test("all pages of the tags are read", async () => {
  const host = await registry((_, response, { pathname, searchParams }) => {
    if (pathname === "/v2/") return reply(response, 200)
    if (searchParams.get("last") === "b") return reply(response, 200, '{"tags":["c"]}')
    return reply(response, 200, '{"tags":["a","b"]}', {
      link: '</v2/acme/web/tags/list?last=b&n=2>; rel="next"',
    })
  })
  expect(await (await open(host)).tags()).toEqual(["a", "b", "c"])
})

test("a repository that does not exist has no tags", async () => {
  const host = await registry((_, response, { pathname }) => reply(response, pathname === "/v2/" ? 200 : 404))
  expect(await (await open(host)).tags()).toEqual([])
})

test("a tag is set with the very bytes", async () => {
  const bodies: string[] = []
  const host = await registry(async (request, response, { pathname }) => {
    if (request.method === "GET") return reply(response, 200, image, { "content-type": "application/x" })
    bodies.push(`${pathname} ${request.headers["content-type"]} ${Buffer.concat(await request.toArray())}`)
    return reply(response, 201)
  })
  const api = await open(host)
  const found = await api.manifest(imageDigest)
  if (found === undefined) throw new Error("the manifest is there")
  await api.tag(found, "2")
  expect(bodies).toEqual([`/v2/acme/web/manifests/2 application/x ${image}`])
})
