import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { afterEach, expect, it } from "vitest"
import { ask, sshTunnel } from "../support/tunnel.ts"

// The tunnel is simulated: it loses connections when it wants to, a real one does not.

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

/** Takes every connection; the first LOST ones arrive nowhere. */
async function losing(lost: number, serve: (socket: Socket) => void): Promise<number> {
  let made = 0
  const held: Socket[] = []
  const port = await listen(
    createServer((socket) => {
      made++
      if (made > lost) serve(socket)
      else held.push(socket.on("error", () => {}))
    }),
  )
  servers.push({ close: () => held.map((socket) => socket.destroy()) })
  return port
}

it("an SSH connection that was lost is made anew, and the client sees one", async () => {
  const tunnel = await losing(1, (socket) => {
    socket.write("SSH-2.0-test\r\n")
    socket.on("data", (data) => socket.end(`got ${data}`))
  })
  const { port, close } = await sshTunnel(tunnel)
  servers.push({ close })
  const answer = await new Promise<string>((resolve, reject) => {
    let seen = ""
    const client = connect(port, "127.0.0.1", () => client.write("hello"))
    client.on("data", (data) => {
      seen += data
    })
    client.on("close", () => resolve(seen)).on("error", reject)
    client.on("end", () => client.end())
  })
  expect(answer).toBe("SSH-2.0-test\r\ngot hello")
}, 15_000)

it("a request that was lost is sent once more, and arrives once", async () => {
  const bodies: string[] = []
  const http = createHttpServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString())
    response.end("answer")
  })
  const port = await losing(1, (socket) => http.emit("connection", socket))
  const answer = await ask(`http://127.0.0.1:${port}/exec`, 20_000, { method: "POST", body: "command" })
  expect([answer, bodies]).toEqual([{ ok: true, text: "answer" }, ["command"]])
}, 15_000)
