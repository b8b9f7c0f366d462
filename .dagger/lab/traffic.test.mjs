// Can the generator be fooled? Each case is a real server that misbehaves in one way.
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import http from "node:http"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { startRun } from "./traffic.mjs"

/** A server like the app, with `spoil` called on every request; returning true means it has answered. */
async function serve(spoil = () => false) {
  let count = 0
  const server = http.createServer((request, response) => {
    response.setHeader("x-version", "1")
    if (spoil(request, response, count++)) return
    if (request.url === "/echo") return void request.pipe(response)
    response.end(JSON.stringify({ version: "1" }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return { target: `http://127.0.0.1:${server.address().port}`, server }
}

async function traffic(target, ms = 1000, options = {}) {
  const run = startRun({ target, rate: 100, ...options })
  await sleep(ms)
  return run.stop()
}

async function spoiled(spoil, ms) {
  const { target, server } = await serve(spoil)
  const report = await traffic(target, ms)
  server.closeAllConnections()
  server.close()
  return report
}

test("a good server loses nothing, and every request is accounted for", async () => {
  const began = performance.now()
  const report = await spoiled(undefined, 2000)
  // A busy machine wakes up late: the rate holds for the time that passed.
  const due = (performance.now() - began) / 10
  assert.equal(report.failed, 0)
  assert.equal(report.ok, report.sent)
  assert.ok(Math.abs(report.sent - due) <= due / 10, `sent ${report.sent} of ${due}`)
  assert.equal(report.versions["1"].requests, report.sent)
})

test("half of the requests use a kept connection", async () => {
  const connections = new Set()
  const report = await spoiled((request) => void connections.add(request.socket))
  assert.ok(
    connections.size >= report.sent / 2 && connections.size < report.sent * 0.9,
    `${connections.size}`,
  )
})

test("nothing listens", async () => {
  const { target, server } = await serve()
  server.close()
  const report = await traffic(target)
  assert.equal(report.failed, report.sent)
  assert.deepEqual(Object.keys(report.failedBy), ["ECONNREFUSED"])
  assert.equal(report.cut, 0)
})

test("one answer in ten is a 500", async () => {
  const report = await spoiled((_request, response, n) => n % 10 === 0 && response.writeHead(500).end())
  assert.equal(report.failedBy["status 500"], report.failed)
  assert.equal(report.failed, Math.ceil(report.sent / 10))
})

test("one body in twenty comes back with a byte changed", async () => {
  const report = await spoiled((request, response, n) => {
    if (request.url !== "/echo" || n % 20 !== 1) return false
    request.once("data", (data) => {
      data[0] ^= 1
      response.end(data)
    })
    return true
  })
  assert.ok(report.failed >= 4)
  assert.equal(report.failedBy["echoed body differs"], report.failed)
})

test("an answer is cut in the middle", async () => {
  const report = await spoiled((_request, response, n) => {
    if (n !== 20) return false
    response.writeHead(200, { "content-length": 1000 })
    response.write("half")
    setTimeout(() => response.destroy(), 50)
    return true
  })
  assert.equal(report.failed, 1)
  assert.equal(report.cut, 1)
})

test("connections are closed without an answer", async () => {
  const report = await spoiled((request, _response, n) => n % 10 === 3 && Boolean(request.socket.destroy()))
  assert.ok(report.failed >= 9)
  assert.equal(report.cut, report.failed)
})

test("a hang is a failure after 5 s, and does not slow the others down", async () => {
  const report = await spoiled((_request, _response, n) => n === 10, 1000)
  assert.equal(report.failed, 1)
  assert.equal(report.failedBy["no answer in 5 s"], 1)
  assert.ok(report.sent >= 95)
})

test("a stall of 600 ms shows as latency of all requests that were due in it", async () => {
  let until = 0
  const report = await spoiled((request, response, n) => {
    if (n === 50) until = performance.now() + 600
    const wait = until - performance.now()
    if (wait <= 0) return false
    setTimeout(() => {
      if (request.url === "/echo") request.pipe(response)
      else response.end(JSON.stringify({ version: "1" }))
    }, wait)
    return true
  }, 1500)
  assert.equal(report.failed, 0)
  assert.ok(report.latencyMs.p99 > 400, `p99 ${report.latencyMs.p99}`)
  assert.ok(report.latencyMs.p50 < report.latencyMs.p99, `p50 ${report.latencyMs.p50}`)
})

test("a process killed and started again is seen as an outage of that length", async () => {
  const app = new URL("../../examples/app/server.mjs", import.meta.url).pathname
  const port = 3000 + Math.floor(Math.random() * 20000)
  const boot = (version) =>
    spawn(process.execPath, [app], {
      env: { ...process.env, PORT: port, APP_VERSION: version },
      stdio: "ignore",
    })
  const up = async () => {
    while (!(await fetch(`http://127.0.0.1:${port}/health`).catch(() => false))) await sleep(20)
  }
  let server = boot("1")
  await up()
  const run = startRun({ target: `http://127.0.0.1:${port}`, rate: 200, streams: 2 })
  await sleep(500)
  server.kill("SIGKILL")
  await sleep(500)
  server = boot("2")
  await up()
  await sleep(700)
  const report = await run.stop()
  server.kill()
  assert.ok(report.failed >= 80, `failed ${report.failed}`)
  assert.equal(report.ok + report.failed, report.sent)
  assert.ok(report.longestOutageMs > 450, `${report.longestOutageMs} ms`)
  assert.deepEqual(Object.keys(report.versions), ["1", "2"])
  assert.equal(report.streams.cut, 2)
  assert.ok(report.streams.opened >= 4)
})
