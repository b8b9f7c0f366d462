// faulty-proxy.mjs: a registry that has trouble, for tests. Real HTTP in front of the real registry UPSTREAM, on port 5000.
//
// FAULTS is a list of {"method", "path", "times", "status" | "cut" | "instead"}: the first `times` requests with this
// method, and a path that the regular expression matches, are answered with `status`, or their connection is reset
// (`cut`), or they go to the path `instead`.
// GET /log gives the requests so far, one a line: method, path and what became of them.
import { createServer, request } from "node:http"

/** @typedef {{ method: string, path: string, times: number, status?: number, cut?: boolean, instead?: string }} Fault */
/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */

const upstream = new URL(process.env.UPSTREAM ?? "")
/** @type {Fault[]} */
const faults = JSON.parse(process.env.FAULTS ?? "[]")
/** @type {string[]} */
const log = []

createServer((incoming, outgoing) => {
  const { method, url = "/" } = incoming
  if (url === "/log") {
    outgoing.end(`${log.join("\n")}\n`)
    return
  }
  const fault = faults.find(
    (each) => each.times > 0 && each.method === method && new RegExp(each.path).test(url),
  )
  if (fault !== undefined) fault.times -= 1
  if (fault?.cut) {
    log.push(`${method} ${url} cut`)
    // Once all was sent: in the middle of it the client would tell the same reset in other words.
    incoming.resume()
    incoming.on("end", () => incoming.socket.resetAndDestroy())
  } else if (fault?.status !== undefined) refuse(incoming, outgoing, fault.status)
  else forward(incoming, outgoing, fault?.instead ?? url)
}).listen(5000)

/** @type {(incoming: Incoming, outgoing: Outgoing, status: number) => void} */
function refuse(incoming, outgoing, status) {
  log.push(`${incoming.method} ${incoming.url} ${status}`)
  incoming.resume()
  incoming.on("end", () => {
    outgoing.writeHead(status, { "content-type": "application/json" })
    outgoing.end('{"errors":[{"code":"UNKNOWN","message":"planted fault"}]}\n')
  })
}

/** @type {(incoming: Incoming, outgoing: Outgoing, path: string) => void} */
function forward(incoming, outgoing, path) {
  // The registry makes upload addresses of the Host header: it must be the one that the client used.
  const { method, url, headers } = incoming
  const onward = request(
    { host: upstream.hostname, port: upstream.port, method, path, headers },
    (answer) => {
      log.push(`${method} ${url} ${answer.statusCode}`)
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    },
  )
  onward.on("error", () => outgoing.destroy())
  incoming.pipe(onward)
}
