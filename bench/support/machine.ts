import { type ChildProcess, spawn } from "node:child_process"
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { execa } from "execa"

/** The parts of the engine that runs, as its scripts have noted them. */
interface Parts {
  engineLayer: string
  debian: string
  binaries: string
  sdk: string
  cache: string
}

/** What the measurements need besides the engine that is there: engines with an empty state, and a registry. */
export interface Machine {
  folder: string
  registryPort: number
  parts: Parts
  /** Takes all that is in the registry out of it. */
  emptyRegistry(): Promise<void>
  stop(): Promise<void>
}

const noted = "/run/seamless-engine/parts"

async function readParts(): Promise<Parts> {
  const text = await readFile(noted, "utf8").catch(() => {
    throw new Error(
      `${noted} is missing\n  → the bench needs the engine of .dagger/engine: it starts others like it`,
    )
  })
  const [engineLayer = "", debian = "", binaries = "", sdk = ""] = text.split(" ")
  return { engineLayer, debian, binaries, sdk, cache: join(binaries, "..") }
}

export async function prepareMachine(): Promise<Machine> {
  const parts = await readParts()
  // Beside the engine's own state: overlayfs does not work on just any file system.
  const folder = await mkdtemp(join(parts.cache, "bench-"))
  const registryPort = await freePort()
  let registry = await startRegistry(parts, folder, registryPort)
  return {
    folder,
    registryPort,
    parts,
    async emptyRegistry() {
      await ended(registry)
      await rm(join(folder, "registry"), { recursive: true, force: true })
      registry = await startRegistry(parts, folder, registryPort)
    },
    async stop() {
      await ended(registry)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject()))
    })
  })
}

async function startRegistry({ cache }: Parts, folder: string, port: number): Promise<ChildProcess> {
  const { stdout } = await execa("sh", ["-c", `ls -d ${cache}/layer-registry-*/usr/bin/docker-registry`])
  const config = join(folder, "registry.yml")
  await writeFile(
    config,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${folder}/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:${port}"}
log: {level: error, accesslog: {disabled: true}}
`,
  )
  const registry = spawn(stdout.split("\n")[0] as string, ["serve", config], { stdio: "ignore" })
  await until(async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).ok, "the registry")
  return registry
}

/** Asks until the answer is yes. A fault counts as no; a minute without a yes is an error. */
export async function until(ask: () => Promise<boolean>, what: string): Promise<void> {
  const limit = Date.now() + 60_000
  for (;;) {
    if (await ask().catch(() => false)) return
    if (Date.now() > limit) throw new Error(`${what} does not answer`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGTERM")
  await exit
}

/** An engine in namespaces of its own, with an empty state. */
export interface ColdEngine {
  env: Record<string, string>
  stop(): Promise<void>
}

/** By the scripts that start the developers' engine, in a copy with another run folder, which knows the bench's registry. */
async function startColdEngine(machine: Machine): Promise<ColdEngine> {
  const { parts, registryPort } = machine
  const folder = await mkdtemp(join(machine.folder, "engine-"))
  const scripts = join(folder, "scripts")
  // The scripts bind it into the engine's own /run.
  const run = await mkdtemp("/run/seamless-bench-")
  await cp(".dagger/engine", scripts, { recursive: true })
  await edit(join(scripts, "lib.sh"), /^run=.*$/m, `run=${run}`)
  await edit(
    join(scripts, "engine.json"),
    '"registry:5000"',
    `"10.0.2.2:${registryPort}": { "http": true },\n    "registry:5000"`,
  )
  const state = join(folder, "state")
  const { engineLayer, debian, binaries, sdk } = parts
  await execa(join(scripts, "start.sh"), [engineLayer, debian, binaries, sdk, state], {
    stdin: "ignore",
  })
  return {
    env: {
      PATH: `${binaries}:${process.env.PATH}`,
      _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${run}/engine.sock`,
      _EXPERIMENTAL_DAGGER_CLI_BIN: join(binaries, "dagger"),
      DAGGER_NO_NAG: "1",
      DO_NOT_TRACK: "1",
    },
    async stop() {
      // At once: its state is thrown away.
      await execa("bash", ["-c", `. ${scripts}/lib.sh && halt engine 0 && halt network 10`], {
        stdio: "ignore",
      })
      for (const each of [folder, run]) await rm(each, { recursive: true, force: true })
      // What the disk still has to do for this one must not slow down the next one.
      await execa("sync")
    },
  }
}

/** On an engine that was just started; `prepare` is not measured. */
export async function onColdEngine<T>(
  machine: Machine,
  work: (engine: ColdEngine) => Promise<T>,
  prepare: (engine: ColdEngine) => Promise<unknown> = async () => {},
): Promise<T> {
  const engine = await startColdEngine(machine)
  try {
    await prepare(engine)
    return await work(engine)
  } finally {
    await engine.stop()
  }
}

async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
  const before = await readFile(file, "utf8")
  const after = before.replace(from, to)
  if (after === before) throw new Error(`${file}: ${from} not found`)
  await writeFile(file, after)
}
