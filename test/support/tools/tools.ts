import { existsSync } from "node:fs"
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Client, Container } from "@dagger.io/dagger"
import { execa } from "execa"

// The tools' own images live on registries that not every machine can reach; the tools are Go programs, so the tests make
// the same images themselves: a program, and nothing else.

const modules = {
  syft: "github.com/anchore/syft/cmd/syft@v1.57.1",
  grype: "github.com/anchore/grype/cmd/grype@v0.121.3",
  cosign: "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3",
} as const

type Tool = keyof typeof modules

const kept = join(
  process.env.SEAMLESS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "seamless"),
  "tools",
)
const go = { CGO_ENABLED: "0", GOFLAGS: "-p=2" }

/** The program of a tool; compiled the first time, which takes some minutes. */
export async function toolProgram(tool: Tool): Promise<string> {
  const module = modules[tool]
  return compiled(`${tool}-${module.replace(/^.*@/, "")}`, async (folder) => {
    await execa("go", ["install", "-trimpath", "-ldflags=-s -w", module], { env: { ...go, GOBIN: folder } })
    return join(folder, tool)
  })
}

/** Writes a vulnerability database for grype in which versions below 2.0.0 of an npm package have a vulnerability. */
export async function vulnerabilityDatabase(name: string, severity: string, folder: string): Promise<string> {
  const writer = await compiled("grype-database-v0.121.3", async (work) => {
    await copyFile(fileURLToPath(new URL("database.go", import.meta.url)), join(work, "main.go"))
    await writeFile(
      join(work, "go.mod"),
      "module database\n\ngo 1.24\n\nrequire github.com/anchore/grype v0.121.3\n",
    )
    const env = { ...go, GOFLAGS: "-p=2 -mod=mod" }
    await execa("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", "writer", "."], { cwd: work, env })
    return join(work, "writer")
  })
  await execa(writer, [folder, name, severity])
  return join(folder, "vulnerability.db")
}

/** A program under a name that says all that it is made of. */
async function compiled(name: string, compile: (folder: string) => Promise<string>): Promise<string> {
  const program = join(kept, name)
  if (existsSync(program)) return program
  await mkdir(kept, { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), "seamless-tool-"))
  await copyFile(await compile(folder), `${program}.new`)
  await rename(`${program}.new`, program)
  await rm(folder, { recursive: true, force: true })
  return program
}

/** The tool's image. */
export async function toolImage(client: Client, tool: Tool): Promise<Container> {
  const program = await toolProgram(tool)
  return client
    .container()
    .withFile(`/${tool}`, client.host().file(program), { permissions: 0o755 })
    .withEntrypoint([`/${tool}`])
}
