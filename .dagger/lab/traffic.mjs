// Constant-rate HTTP traffic that checks every answer.
//
// Open loop: request n is due at start + n/rate, whether or not earlier ones were answered, and its latency counts from
// the moment it was due. So a stall of the target, or of this process, shows as latency instead of as fewer requests.
import { createHash, randomBytes } from "node:crypto"
import http from "node:http"

const TIME_LIMIT_MS = 5000
const FAILURES_LISTED = 500

/** Starts one run; `stop()` waits for the requests under way. */
export function startRun({ target, rate = 100, streams = 0, name = "default" }) {
  const base = new URL(target)
  if (!(rate > 0 && rate <= 5000)) throw new Error(`rate: ${rate} is not between 0 and 5000`)
  const keepAlive = new http.Agent({ keepAlive: true })
  const run = { name, target, rate, startedAt: new Date().toISOString(), sent: 0, ok: 0, failed: 0 }
  const start = performance.now()
  const latencies = []
  const failures = []
  const failedBy = {}
  const versions = {}
  const timeline = []
  const underWay = new Set()
  const events = { opened: 0, ended: 0, cut: 0 }
  let lag = 0
  let lastGood = start
  let outage = 0
  let bad = false
  let stoppedAt

  const second = () => (timeline[Math.floor((performance.now() - start) / 1000)] ??= { ok: {}, failed: 0 })

  const good = (due, version) => {
    const now = performance.now()
    run.ok++
    latencies.push(now - due)
    versions[version] ??= { requests: 0, firstMs: round(now - start) }
    versions[version].requests++
    versions[version].lastMs = round(now - start)
    second().ok[version] = (second().ok[version] ?? 0) + 1
    if (bad) outage = Math.max(outage, now - lastGood)
    bad = false
    lastGood = now
  }

  const failure = (due, path, reason) => {
    bad = true
    run.failed++
    second().failed++
    failedBy[reason] = (failedBy[reason] ?? 0) + 1
    if (failures.length < FAILURES_LISTED) {
      failures.push({ atMs: round(due - start), tookMs: round(performance.now() - due), path, reason })
    }
  }

  // Requests alternate: 0 and 1 on kept connections, 2 and 3 on new ones; even ones read, odd ones post.
  const send = async (n, due) => {
    run.sent++
    const post = n % 2 === 1
    const path = post ? "/echo" : "/version"
    const body = post ? randomBytes(64 + (n % 4000)) : undefined
    try {
      const answer = await request(base, path, body, n % 4 < 2 ? keepAlive : false)
      const reason = problem(answer, body)
      if (reason) failure(due, path, reason)
      else good(due, answer.headers["x-version"])
    } catch (error) {
      failure(due, path, error.reason ?? error.code ?? error.message)
    }
  }

  let n = 0
  const timer = setInterval(() => {
    const now = performance.now()
    for (let due = start + (n * 1000) / rate; due <= now; due = start + (++n * 1000) / rate) {
      lag = Math.max(lag, now - due)
      const sending = send(n, due).finally(() => underWay.delete(sending))
      underWay.add(sending)
    }
  }, 1)

  const openStreams = Array.from({ length: streams }, () => openStream(base, events))

  const report = () => ({
    ...run,
    running: stoppedAt === undefined,
    seconds: round(((stoppedAt ?? performance.now()) - start) / 1000),
    underWay: underWay.size,
    // Requests that failed on a connection which had been made: refused ones are not cut ones.
    cut: (failedBy.ECONNRESET ?? 0) + (failedBy.EPIPE ?? 0) + (failedBy["answer cut short"] ?? 0),
    failedBy,
    versions,
    latencyMs: percentiles(latencies),
    longestOutageMs: round(outage),
    // How late the generator itself was, at worst: its own fault, not the target's.
    generatorLagMs: round(lag),
    streams: events,
    timeline: Array.from(timeline, (each) => each ?? { ok: {}, failed: 0 }),
    failures,
  })

  const stop = async () => {
    clearInterval(timer)
    for (const stream of openStreams) stream.close()
    await Promise.all(underWay)
    if (bad) outage = Math.max(outage, performance.now() - lastGood)
    bad = false
    stoppedAt ??= performance.now()
    keepAlive.destroy()
    return report()
  }

  return { report, stop }
}

/** Sends one request and reads the whole answer, in TIME_LIMIT_MS at most. */
function request(base, path, body, agent) {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      new URL(path, base),
      { method: body ? "POST" : "GET", agent },
      (incoming) => {
        const chunks = []
        incoming.on("data", (chunk) => chunks.push(chunk))
        incoming.on("end", () =>
          finish(resolve, {
            status: incoming.statusCode,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          }),
        )
        incoming.on("error", () => finish(reject, { reason: "answer cut short" }))
      },
    )
    const limit = setTimeout(() => {
      finish(reject, { reason: `no answer in ${TIME_LIMIT_MS / 1000} s` })
      outgoing.destroy()
    }, TIME_LIMIT_MS)
    const finish = (settle, value) => {
      clearTimeout(limit)
      settle(value)
    }
    outgoing.on("error", (error) => finish(reject, error))
    outgoing.end(body)
  })
}

/** What is wrong with an answer, or undefined. */
function problem({ status, headers, body }, sent) {
  if (status !== 200) return `status ${status}`
  if (!headers["x-version"]) return "no x-version header"
  if (sent && digest(sent) !== digest(body)) return "echoed body differs"
  if (!sent && readVersion(body) !== headers["x-version"]) return "version in body and header differ"
  return undefined
}

function readVersion(body) {
  try {
    return JSON.parse(body).version
  } catch {
    return undefined
  }
}

/** Holds one event stream open. Its end is `ended` when the server finished it properly, else `cut`; then it reopens. */
function openStream(base, events) {
  let closed = false
  let current
  let again
  const open = () => {
    const over = (how) => {
      if (closed) return
      if (how) events[how]++
      again = setTimeout(open, 200)
    }
    current = http.get(new URL("/events", base), { agent: false }, (incoming) => {
      if (incoming.statusCode !== 200) {
        incoming.resume()
        return incoming.on("close", () => over())
      }
      events.opened++
      incoming.resume()
      incoming.on("error", () => {})
      incoming.on("close", () => over(incoming.complete ? "ended" : "cut"))
    })
    let answered = false
    current.on("response", () => (answered = true))
    current.on("error", () => answered || over())
  }
  open()
  const close = () => {
    closed = true
    clearTimeout(again)
    current.destroy()
  }
  return { close }
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0)
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
}

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex")
const round = (value) => Math.round(value * 10) / 10
