import { type Action, change, docker, file, type Job, look, type Program } from "./action.ts"
import { start, stop, update } from "./containers.ts"
import { mark, point } from "./files.ts"
import { type Host, runningProxy, startProxy } from "./host.ts"

export const proxyAnswers: Action = look("ask the proxy", (host) => runningProxy(host) !== undefined)

export function* startOwner(job: Job, policy: string, publish: readonly string[]): Program {
  if (job.host.current === undefined && !(yield* bootstrap(job))) return false
  if (yield proxyAnswers) return true
  if (policy === "no" && job.host.proxy !== undefined && !(yield removeProxy)) return false
  if (job.host.proxy === undefined) {
    if (!(yield mark(job, "proxy-created"))) return false
    if (!(yield docker("run the proxy", (host) => create(host, policy, publish)))) return false
  } else {
    yield bringUp
  }
  return yield proxyAnswers
}

const bringUp = docker("start the proxy", (host) => {
  startProxy(host)
  return true
})

/** After an adoption: the proxy comes back with the host, and what held the ports before does not. */
export function* holdPorts(ids: readonly string[]): Program {
  const hasPolicy = docker("update the proxy", ({ proxy }) => {
    if (proxy !== undefined) proxy.container.restart = "unless-stopped"
    return proxy !== undefined
  })
  if (!(yield hasPolicy)) return false
  let freed = true
  for (const id of ids) if (!(yield update(id, "no")) || !(yield stop(id))) freed = false
  if ((yield bringUp) && (yield proxyAnswers)) return freed
  for (const id of ids) yield { ...start(id), plain: true }
  return false
}

/** A proxy that has no release to serve yet starts with one that serves nothing. */
function* bootstrap(job: Job): Program {
  if (!(yield mark(job, "first"))) return false
  const written = yield file("write release 0", (host) => {
    host.releases[0] = { slots: "b", servers: {} }
    return true
  })
  return written && (yield* point(0))
}

function create(host: Host, restart: string, publish: readonly string[]): boolean {
  const bindings = publish.map((value) => value.split(":").slice(-2))
  const ports = Object.fromEntries(
    bindings.map(([outer = "", inner = ""]) => [`${inner}/tcp`, [{ HostIp: "", HostPort: outer }]]),
  )
  const labels = { project: null, service: null, oneoff: null, release: null, proxy: host.config.name }
  const name = `${host.config.name}-seamless-proxy`
  host.proxy = {
    container: { id: "proxy", name, image: "", state: "exited", restart, ports, ...labels },
    live: {},
  }
  startProxy(host)
  return runningProxy(host) !== undefined
}

const removeProxy = docker("rm the proxy", (host) => {
  delete host.proxy
  return true
})

export function* removeOwner({ run }: Job): Program {
  if (run.marks.includes("proxy-created")) {
    if (!(yield removeProxy)) return false
  }
  if (!run.marks.includes("first")) return true
  return yield change("rm release 0", (host) => {
    delete host.current
    delete host.releases[0]
    return true
  })
}

/** The proxy serves again what is durable, whatever its state was. */
export const restartOwner: Action = docker("restart the proxy", (host) => {
  startProxy(host)
  return runningProxy(host) !== undefined
})
