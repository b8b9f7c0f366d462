import { request as httpRequest } from "node:http"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { text } from "node:stream/consumers"

// The way to the lab is a tunnel of `dagger up`. Now and then it takes a connection that never arrives at the other end, and
// it does not tell when the other side has closed one (seen with Dagger 0.21: about one in some hundreds). Nothing of what
// was to be sent has arrived then, so another connection is made instead. Only what is tested may be slow; this must not be.

/** A connection on which the lab has said nothing for so long was not made. */
const LOST_AFTER_MS = 3000
const MOST_LOST = 5

/** A port of 127.0.0.1 in front of the tunnel to an SSH server, which is the first to speak on each connection. */
export async function sshTunnel(tunnelPort: number): Promise<{ port: number; close: () => void }> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client.on("close", () => open.delete(client)))
    client.on("error", () => {})
    join(client, tunnelPort, MOST_LOST)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const close = () => {
    server.close()
    for (const client of open) client.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

function join(client: Socket, port: number, attempts: number): void {
  const target = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true })
  const leave = () => target.destroy()
  const end = (failed: boolean) => {
    clearTimeout(lost)
    if (failed) client.destroy()
    else client.end()
  }
  client.once("close", leave)
  target.once("close", end).on("error", () => {})
  const lost = setTimeout(() => {
    console.error("the tunnel lost an SSH connection")
    client.off("close", leave)
    target.off("close", end).destroy()
    if (attempts > 1 && !client.destroyed) join(client, port, attempts - 1)
    else client.destroy()
  }, LOST_AFTER_MS)
  target.once("data", (banner) => {
    clearTimeout(lost)
    client.write(banner)
    client.pipe(target).pipe(client)
  })
}

/** An HTTP request over the tunnel; its body goes out only when the lab has said that it listens. */
export async function ask(
  url: string,
  limitMs: number,
  { method = "GET", body }: { method?: string; body?: string } = {},
): Promise<{ ok: boolean; text: string }> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(url, limitMs, method, body)
    if (answer !== "lost") return answer
    if (attempt === MOST_LOST) throw new Error(`the lab does not answer: ${MOST_LOST} connections were lost`)
  }
}

function askOnce(
  url: string,
  limitMs: number,
  method: string,
  body: string | undefined,
): Promise<{ ok: boolean; text: string } | "lost"> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, {
      method,
      agent: false,
      headers: { expect: "100-continue" },
      signal: AbortSignal.timeout(limitMs),
    })
    const lost = setTimeout(() => {
      console.error(`the tunnel lost a request to ${url}`)
      resolve("lost")
      sent.destroy()
    }, LOST_AFTER_MS)
    sent.on("continue", () => {
      clearTimeout(lost)
      sent.end(body)
    })
    sent.on("response", (response) => {
      clearTimeout(lost)
      const ok = response.statusCode === 200
      text(response).then((answer) => resolve({ ok, text: answer }), reject)
    })
    sent.on("error", (error) => {
      clearTimeout(lost)
      reject(error)
    })
    sent.flushHeaders()
  })
}
