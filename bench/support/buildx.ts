import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { execa } from "execa"
import { tagNames } from "./app.ts"
import { ended, type Machine, until } from "./machine.ts"

const buildkit = "github.com/moby/buildkit@v0.25.1"

/** A fresh buildkitd, and buildx that builds with it. */
export interface Buildx {
  /** Builds and pushes an app with the registry as its cache. @returns Milliseconds. */
  build(app: string, repository: string, tags?: number): Promise<number>
  stop(): Promise<void>
}

/** Made from its Go module, in the module's own folder so that its go.mod decides every dependency; once for each machine. */
async function buildkitd({ parts }: Machine): Promise<string> {
  const file = join(parts.cache, `bench-${buildkit.replace(/^.*\//, "")}`)
  if (existsSync(file)) return file
  const { stdout } = await execa("go", ["mod", "download", "-json", buildkit], { cwd: parts.cache })
  const { Dir } = JSON.parse(stdout) as { Dir: string }
  const options = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-o", `${file}.new`]
  await execa("go", ["build", ...options, "./cmd/buildkitd"], { cwd: Dir, env: { CGO_ENABLED: "0" } })
  await rename(`${file}.new`, file)
  return file
}

async function buildxBinary({ parts }: Machine): Promise<string> {
  const { stdout } = await execa("sh", ["-c", `ls -d ${parts.cache}/plugins-*/docker-buildx`])
  return stdout.split("\n")[0] as string
}

export async function startBuildx(machine: Machine): Promise<Buildx> {
  const { parts, registryPort } = machine
  const [daemon, buildx] = await Promise.all([buildkitd(machine), buildxBinary(machine)])
  const folder = await mkdtemp(join(machine.folder, "buildkit-"))
  await writeFile(
    join(folder, "buildkitd.toml"),
    `[registry."docker.io"]
mirrors = ["127.0.0.1:5003"]
[registry."127.0.0.1:5003"]
http = true
[registry."127.0.0.1:${registryPort}"]
http = true
`,
  )
  const address = `unix://${folder}/buildkitd.sock`
  const args = [
    "--root",
    join(folder, "state"),
    "--addr",
    address,
    "--config",
    join(folder, "buildkitd.toml"),
  ]
  // Its mounts stay in a namespace of its own and end with it.
  const child = spawn(
    "unshare",
    ["--mount", "--propagation", "private", daemon, ...args, "--oci-worker-net", "host"],
    { stdio: "ignore", env: { ...process.env, PATH: `${process.env.PATH}:${parts.engineLayer}/usr/sbin` } },
  )
  const config = join(folder, "buildx")
  await mkdir(config)
  const env = { BUILDX_CONFIG: config }
  const stop = async () => {
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => existsSync(`${folder}/buildkitd.sock`), "buildkitd")
    await execa(buildx, ["create", "--name", "bench", "--driver", "remote", address], { env })
    await execa(buildx, ["inspect", "--bootstrap", "bench"], { env })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async build(app, repository, tags = 1) {
      const image = `127.0.0.1:${registryPort}/${repository}`
      const cache = `type=registry,ref=${image}:cache`
      const began = performance.now()
      await execa(
        buildx,
        [
          "build",
          "--builder=bench",
          "--push",
          "--provenance=false",
          ...tagNames(tags).map((tag) => `--tag=${image}:${tag}`),
          `--cache-from=${cache}`,
          `--cache-to=${cache},mode=max`,
          app,
        ],
        { env },
      )
      return performance.now() - began
    },
    stop,
  }
}
