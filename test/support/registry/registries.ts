import { readFileSync } from "node:fs"
import { type Client, connection, dag, type Service } from "@dagger.io/dagger"

/** What goes wrong at a registry: see faulty-proxy.mjs. */
export interface Fault {
  method: string
  /** Regular expression. */
  path: string
  times: number
  status?: number
  cut?: boolean
  instead?: string
}

const proxy = readFileSync(new URL("faulty-proxy.mjs", import.meta.url), "utf8")

/** User `ci`, password `seamless`. */
const htpasswd = "ci:$2b$08$xZTofrR.hM7Ye2oxP7e3aulygx0DDi3E6OCFIfe82U7kWcv0H1OiO\n"

/** A registry of its own, empty, on port 5000. */
export function startRegistry(client: Client = dag): Promise<Service> {
  return newRegistry(client).asService({ useEntrypoint: true }).start()
}

/** The same, for the user `ci` with the password `seamless` alone. */
export function startRegistryWithLogin(client: Client = dag): Promise<Service> {
  return newRegistry(client)
    .withNewFile("/auth/htpasswd", htpasswd)
    .withEnvVariable("REGISTRY_AUTH", "htpasswd")
    .withEnvVariable("REGISTRY_AUTH_HTPASSWD_REALM", "test")
    .withEnvVariable("REGISTRY_AUTH_HTPASSWD_PATH", "/auth/htpasswd")
    .asService({ useEntrypoint: true })
    .start()
}

const newRegistry = (client: Client) =>
  client
    .container()
    .from("registry:2")
    .withEnvVariable("REGISTRY_LOG_LEVEL", "warn")
    .withEnvVariable("FRESH", crypto.randomUUID())
    .withExposedPort(5000)

/** The same registry by a way on which the given faults happen. */
export async function startFaulty(
  registry: Service,
  faults: readonly Fault[],
  client: Client = dag,
): Promise<Service> {
  return await client
    .container()
    .from("node:24-slim")
    .withNewFile("/faulty-proxy.mjs", proxy)
    .withServiceBinding("upstream", registry)
    .withEnvVariable("UPSTREAM", "http://upstream:5000")
    .withEnvVariable("FAULTS", JSON.stringify(faults))
    .withEnvVariable("FRESH", crypto.randomUUID())
    .withExposedPort(5000)
    .asService({ args: ["node", "/faulty-proxy.mjs"] })
    .start()
}

/** Port of this machine by which a call of the command line reaches the service, for as long as the session is open. */
export async function tunnelTo(service: Service): Promise<number> {
  const [port] = await (await dag.host().tunnel(service).start()).ports()
  if (port === undefined) throw new Error("the tunnel has no port")
  return await port.port()
}

/** Asks a registry by its own API, past the engine's client; the body. */
export const askRegistry = (registry: Service, path: string, ...options: string[]): Promise<string> =>
  askRegistryBy(dag, registry, path, ...options)

/** The same in another session than the library's own. */
export async function askRegistryBy(
  client: Client,
  registry: Service,
  path: string,
  ...options: string[]
): Promise<string> {
  const script = `
    const [, path, method = "GET", type, body] = process.argv
    const accept = ["index", "manifest"].map((kind) => \`application/vnd.oci.image.\${kind}.v1+json\`).join(",")
    const authorization = "Basic " + btoa("ci:seamless")
    const headers = { accept, authorization, ...(type ? { "content-type": type } : {}) }
    const answer = await fetch("http://registry:5000" + path, { method, headers, body })
    if (!answer.ok) throw new Error(\`\${method} \${path}: \${answer.status} \${await answer.text()}\`)
    if (method === "HEAD") console.log(answer.headers.get("docker-content-digest"))
    else process.stdout.write(await answer.text())
  `
  return await client
    .container()
    .from("node:24-slim")
    .withServiceBinding("registry", registry)
    .withEnvVariable("FRESH", crypto.randomUUID())
    .withExec(["node", "--input-type=module", "-e", script, "--", path, ...options])
    .stdout()
}

/** Opens a session with the engine that lasts until the returned function is called. */
export async function openSession(): Promise<() => void> {
  return await new Promise<() => void>((opened, failed) => {
    connection(() => new Promise<void>((close) => opened(close))).catch(failed)
  })
}
