// A small HTTP service to deploy. BEHAVIOUR makes it misbehave on purpose; see README.md for the list.
import { createServer } from "node:http"
import { hostname } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"

const version = process.env.APP_VERSION ?? "dev"
const behaviour = process.env.BEHAVIOUR ?? "ok"
const seconds = Number(process.env.BEHAVIOUR_SECONDS ?? 10)
const port = Number(process.env.PORT ?? 3000) + (behaviour === "wrong-port" ? 1 : 0)
const known = ["ok", "slow-start", "crash", "unhealthy", "wrong-port", "failing", "dies"]

const streams = new Set()
let stopping = false

const json = (response, status, value) => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(`${JSON.stringify(value)}\n`)
}

const routes = {
  "GET /": (_request, response) => response.end(`${process.env.GREETING ?? "hello"} (version ${version})\n`),

  "GET /health": (_request, response) =>
    behaviour === "unhealthy"
      ? json(response, 503, { status: "unhealthy" })
      : json(response, 200, { status: "ok" }),

  "GET /version": (_request, response) => json(response, 200, { version, instance: hostname() }),

  "POST /echo": (request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" })
    request.pipe(response)
  },

  "GET /slow": async (_request, response, url) => {
    await sleep(Number(url.searchParams.get("ms") ?? 1000))
    json(response, 200, { version })
  },

  // Server-sent events: one a second, until the client leaves or the service stops.
  "GET /events": (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
    let id = 0
    const send = () => response.write(`id: ${id}\ndata: ${JSON.stringify({ id: id++, version })}\n\n`)
    const timer = setInterval(send, 1000)
    send()
    streams.add(response)
    response.on("close", () => {
      clearInterval(timer)
      streams.delete(response)
    })
  },
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://app")
  response.setHeader("x-version", version)
  if (stopping) response.setHeader("connection", "close")
  if (behaviour === "failing" && url.pathname !== "/health") {
    return json(response, 500, { error: "failing on purpose" })
  }
  const route = routes[`${request.method} ${url.pathname}`]
  if (!route) return json(response, 404, { error: "not found" })
  await route(request, response, url)
})

// No new connections, requests in flight are answered, idle connections are closed, event streams end.
const stop = (signal) => {
  if (stopping) return
  stopping = true
  console.log(`${signal}: finishing the requests in flight`)
  server.close(() => {
    console.log("stopped")
    process.exit(0)
  })
  for (const stream of streams) stream.end()
  setInterval(() => server.closeIdleConnections(), 50)
}
process.on("SIGTERM", stop)
process.on("SIGINT", stop)

if (!known.includes(behaviour)) {
  console.error(`BEHAVIOUR=${behaviour} is not one of ${known.join(", ")}`)
  process.exit(1)
}
if (behaviour === "crash") {
  console.error("cannot start: the database password is missing (crashing on purpose)")
  process.exit(1)
}
if (behaviour === "slow-start") {
  console.log(`starting takes ${seconds} s`)
  await sleep(seconds * 1000)
}
server.listen(port, () => console.log(`version ${version} listens on port ${port}`))
if (behaviour === "dies") {
  setTimeout(() => {
    console.error(`dying after ${seconds} s on purpose`)
    process.exit(1)
  }, seconds * 1000)
}
