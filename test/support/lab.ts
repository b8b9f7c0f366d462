import { randomUUID } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { execa } from "execa"
import { openTunnel, type Tunnel } from "./tunnel.ts"

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url))
const KEY_FILES = ["id_ed25519", "id_ed25519.pub", "known_hosts", "wrong_key", "known_hosts_changed"]
/** The first start builds images. */
const START_LIMIT_MS = 10 * 60_000

export type LabOptions = {
  userlandProxy?: boolean
  oldCompose?: boolean
  registryAuth?: boolean
  /** Another text gives another, empty lab; a random one by default. */
  fresh?: string
}

export type ExecResult = { code: number; stdout: string; stderr: string }

export type TrafficOptions = {
  name?: string
  /** Default: port 8080 of the host. */
  target?: string
  /** Requests a second, 100 by default. */
  rate?: number
  /** Event streams (GET /events) held open, none by default. */
  streams?: number
}

export type TrafficReport = {
  name: string
  target: string
  rate: number
  startedAt: string
  running: boolean
  seconds: number
  sent: number
  ok: number
  failed: number
  /** Requests not answered yet. */
  underWay: number
  /** Requests that failed on a connection which had been made. */
  cut: number
  failedBy: Record<string, number>
  versions: Record<string, { requests: number; firstMs: number; lastMs: number }>
  latencyMs: { p50: number; p99: number; p999: number; max: number }
  /** The longest time from a good answer to the next one with failures in between. */
  longestOutageMs: number
  /** How late the generator itself was, at worst. */
  generatorLagMs: number
  streams: { opened: number; ended: number; cut: number }
  timeline: { ok: Record<string, number>; failed: number }[]
  failures: { atMs: number; tookMs: number; path: string; reason: string }[]
}

export type Lab = Awaited<ReturnType<typeof startLab>>

/** Starts a test host with registry and traffic generator, and waits until it is ready. Call `stop()` at the end. */
export async function startLab(options: LabOptions = {}) {
  const upPort = await freePort()
  const dagger = execa(
    "dagger",
    [
      ...["--progress", "plain", "-m", ".dagger", "call", "lab"],
      `--userland-proxy=${options.userlandProxy ?? true}`,
      `--old-compose=${options.oldCompose ?? false}`,
      `--registry-auth=${options.registryAuth ?? false}`,
      `--fresh=${options.fresh ?? randomUUID()}`,
      ...["up", "--ports", `${upPort}:9001`],
    ],
    { cwd: REPOSITORY, all: true, reject: false, stdin: "ignore", forceKillAfterDelay: 20_000 },
  )

  const stopDagger = async () => {
    dagger.kill("SIGINT")
    await dagger
  }
  let tunnel: Tunnel
  try {
    tunnel = await reach(upPort, dagger)
  } catch (error) {
    await stopDagger()
    throw error
  }
  // A reference names the registry with its port, the same one here and on the host: one lab at a time.
  const registryPort = await tunnel.forward(5000, 5000)
  const sshPort = await tunnel.forward(2222)
  const webPort = await tunnel.forward(8080)
  const control = `http://127.0.0.1:${await tunnel.forward(9000)}`

  const keysDir = await mkdtemp(join(tmpdir(), "lab-keys-"))
  for (const name of KEY_FILES) {
    const content = await (await fetch(`${control}/keys/${name}`)).text()
    await writeFile(join(keysDir, name), content, { mode: 0o600 })
  }

  const post = <Answer>(path: string, body: object) => call<Answer>(`${control}${path}`, body)

  return {
    /** On 127.0.0.1, as are the others. */
    sshPort,
    registryPort,
    /** The host's port 8080. */
    webPort,
    /** id_ed25519, known_hosts (for host.test on 22 and 2222), wrong_key, known_hosts_changed. */
    keysDir,

    traffic: {
      start: (traffic: TrafficOptions = {}): Promise<TrafficReport> =>
        post("/start", { target: "http://host.test:8080", ...traffic }),
      report: (name = "default"): Promise<TrafficReport> =>
        call(`${control}/report?name=${encodeURIComponent(name)}`),
      stop: (name = "default"): Promise<TrafficReport> => post("/stop", { name }),
    },

    /** Runs shell text on the host, over an SSH connection of its own. Never throws for an exit code. */
    exec: (
      command: string,
      execOptions: { as?: "deploy" | "root"; stdin?: string } = {},
    ): Promise<ExecResult> => post("/exec", { command, ...execOptions }),

    /** All processes of the host die at once, then it boots again. Wait for what you need afterwards. */
    powerFailure: async (): Promise<void> => {
      await post<ExecResult>("/exec", { command: "kill -USR1 $(cat /etc/lab/pid); sleep 10", as: "root" })
    },

    stop: async (): Promise<void> => {
      tunnel.close()
      await stopDagger()
      await rm(keysDir, { recursive: true })
    },
  }
}

/** Longer than anything that is asked of the lab takes. */
const ANSWER_LIMIT_MS = 4 * 60_000

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
  const response = await fetch(url, {
    ...init,
    headers: { connection: "close" },
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  })
  const answer = (await response.json()) as Answer & { error?: string }
  if (!response.ok) throw new Error(`lab: ${answer.error}`)
  return answer
}

/** A tunnel as soon as the lab is up; rejects when its process ends before, or at the time limit. */
async function reach(upPort: number, dagger: PromiseLike<{ all?: string }>): Promise<Tunnel> {
  let ended: { all?: string } | undefined
  void dagger.then((result) => {
    ended = result
  })
  const deadline = performance.now() + START_LIMIT_MS
  while (performance.now() < deadline) {
    if (ended) throw new Error(`the lab ended before it was ready:\n${(ended.all ?? "").slice(-4000)}`)
    const tunnel = await openTunnel(upPort)
    if (tunnel !== undefined) return tunnel
    await sleep(100)
  }
  throw new Error(`the lab was not ready in ${START_LIMIT_MS / 60_000} minutes`)
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
