import { type ClientHttp2Session, connect, constants } from "node:http2"
import { type AddressInfo, createServer, type Server } from "node:net"

// The way to the lab is a tunnel of `dagger up`, over which one HTTP/2 connection carries all others. Dagger (0.21.8) names a
// connection by its client's port and never forgets one: what comes from a port that was used before goes to the connection of
// that time, and is lost. Nor does it tell the server that the client has closed. With one connection there is nothing to mix up.

export interface Tunnel {
  /** Forwards a port of 127.0.0.1, any free one by default, to a port of the lab; returns it. */
  forward(labPort: number, port?: number): Promise<number>
  close(): void
}

/** A tunnel over what `dagger up` listens on; undefined when nobody answers there within two seconds. */
export async function openTunnel(upPort: number): Promise<Tunnel | undefined> {
  const session = connect(`http://127.0.0.1:${upPort}`, { maxSessionMemory: 100 })
  session.on("error", () => {})
  if (!(await answers(session))) {
    session.destroy()
    return undefined
  }
  const servers: Server[] = []
  return {
    async forward(labPort, port = 0) {
      const server = forwarder(session, labPort)
      servers.push(server)
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(port, "127.0.0.1", resolve)
      })
      return (server.address() as AddressInfo).port
    },
    close() {
      session.destroy()
      for (const server of servers) server.close()
    },
  }
}

function answers(session: ClientHttp2Session): Promise<boolean> {
  return new Promise((resolve) => {
    session.once("connect", () => session.ping((error) => resolve(error === null)))
    session.once("close", () => resolve(false))
    setTimeout(() => resolve(false), 2000)
  })
}

function forwarder(session: ClientHttp2Session, labPort: number): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const stream = session.request(
      { ":method": "CONNECT", ":authority": `lab:${labPort}` },
      { endStream: false },
    )
    client.pipe(stream).pipe(client)
    // A reset on one side becomes a reset on the other.
    client.on("error", () => stream.close(constants.NGHTTP2_CANCEL))
    stream.on("error", () => client.resetAndDestroy()).on("aborted", () => client.resetAndDestroy())
  })
}
