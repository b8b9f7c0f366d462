import { copyFile, mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { execa } from "execa"

const source = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Compiles the static app for two processors. @returns A folder with a Dockerfile, to be removed by the caller. */
export async function buildStaticApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "seamless-static-app-"))
  for (const GOARCH of ["amd64", "arm64"]) {
    const env = { CGO_ENABLED: "0", GOOS: "linux", GOARCH, GO111MODULE: "off", GOFLAGS: "-p=2" }
    const out = join(folder, `app-${GOARCH}`)
    await execa("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", out, source("main.go")], { env })
  }
  await copyFile(source("Dockerfile"), join(folder, "Dockerfile"))
  return folder
}
