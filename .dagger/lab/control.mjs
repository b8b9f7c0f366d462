// The lab's gateway: starts and stops traffic, runs commands on the test host, forwards TCP ports to it.
//
//   POST /start  {name, target, rate, streams}   GET /report?name=   POST /stop {name}
//   POST /exec   {command, as, stdin, host}      GET /keys/FILE      GET /ready
//
// All of it can be had over one connection, too, as HTTP/2 on port 9001.
import { spawn } from "node:child_process"
import { createReadStream } from "node:fs"
import http from "node:http"
import http2 from "node:http2"
import net from "node:net"
import { basename } from "node:path"
import { json as readJson, text } from "node:stream/consumers"
import { startRun } from "./traffic.mjs"

const KEYS = "/keys"
const runs = new Map()

const named = (name = "default") => {
  const run = runs.get(name)
  if (!run) throw new Error(`there is no traffic named ${name}`)
  return run
}

const routes = {
  "GET /ready": () => ({ ready: true }),

  "POST /start": ({ body }) => {
    const name = body.name ?? "default"
    if (runs.get(name)?.report().running) throw new Error(`traffic named ${name} is running already`)
    runs.set(name, startRun(body))
    return runs.get(name).report()
  },
  "GET /report": ({ url }) => named(url.searchParams.get("name") ?? undefined).report(),
  "POST /stop": ({ body }) => named(body.name).stop(),

  "POST /exec": ({ body }) => runOnHost(body),
}

/** Runs shell text on the test host over SSH. The exit code 255 is also what ssh says when it cannot connect. */
async function runOnHost({ command, as = "deploy", stdin = "", host = "host.test" }) {
  if (!["deploy", "root"].includes(as)) throw new Error(`as: ${as} is neither deploy nor root`)
  const key = as === "root" ? "/root-key/id_ed25519" : `${KEYS}/id_ed25519`
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
  ]
  const ssh = spawn("ssh", [
    ...options.flatMap((option) => ["-o", option]),
    ...["-o", `UserKnownHostsFile=${KEYS}/known_hosts`, "-i", key, `${as}@${host}`, "--", command],
  ])
  ssh.stdin.on("error", () => {}) // a command need not read its input
  ssh.stdin.end(stdin)
  const exit = new Promise((resolve, reject) => {
    ssh.on("error", reject)
    ssh.on("close", (code) => resolve(code))
  })
  const [stdout, stderr, code] = await Promise.all([text(ssh.stdout), text(ssh.stderr), exit])
  return { code, stdout, stderr }
}

/** Forwards `LISTEN=HOST:PORT`. A target that is down refuses the client, as it would directly. */
function forward(rule) {
  const [, from, host, to] = /^(\d+)=([^:]+):(\d+)$/.exec(rule)
  net
    .createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const target = net.connect({ host, port: Number(to), allowHalfOpen: true, noDelay: true })
      client.pipe(target).pipe(client)
      // A reset on one side becomes a reset on the other, so that clients see what happened.
      client.on("error", () => target.resetAndDestroy())
      target.on("error", () => client.resetAndDestroy())
    })
    .listen(Number(from))
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://control")
  const answer = (status, value) => {
    response.writeHead(status, { "content-type": "application/json" })
    response.end(JSON.stringify(value))
  }
  if (request.method === "GET" && url.pathname.startsWith("/keys/")) {
    const file = createReadStream(`${KEYS}/${basename(url.pathname)}`)
    file.on("error", (error) => answer(404, { error: error.message }))
    file.on("open", () => file.pipe(response))
    return
  }
  try {
    const route = routes[`${request.method} ${url.pathname}`]
    if (!route) return answer(404, { error: `no ${request.method} ${url.pathname}` })
    answer(200, await route({ url, body: request.method === "POST" ? await readJson(request) : {} }))
  } catch (error) {
    answer(400, { error: error.message })
  }
})

for (const rule of (process.env.FORWARD ?? "").split(",").filter(Boolean)) forward(rule)
server.requestTimeout = 0
server.listen(9000)

// Every port of the gateway over one connection, on port 9001: each stream is a CONNECT to one of them.
http2
  .createServer({ maxSessionMemory: 100 })
  .on("stream", (stream, { ":method": method, ":authority": authority = "" }) => {
    if (method !== "CONNECT") return stream.respond({ ":status": 405 }, { endStream: true })
    const target = net.connect({ port: Number(authority.split(":")[1]), allowHalfOpen: true, noDelay: true })
    target.once("connect", () => stream.respond({ ":status": 200 }))
    stream.pipe(target).pipe(stream)
    stream.on("error", () => {}).on("aborted", () => target.resetAndDestroy())
    target.on("error", () => stream.close(http2.constants.NGHTTP2_CONNECT_ERROR))
  })
  .listen(9001)
