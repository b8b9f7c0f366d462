import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { agentProgram } from "../../src/agent/program.ts"

/** The agent in a file, as on a host. */
export function agentFile(): string {
  if (agentFolder === undefined) {
    agentFolder = mkdtempSync(join(tmpdir(), "seamless-agent-"))
    writeFileSync(join(agentFolder, "agent.sh"), agentProgram())
  }
  return join(agentFolder, "agent.sh")
}
let agentFolder: string | undefined

/** The shells and tools that hosts have: Debian's, and BusyBox as on Alpine. */
export const shells = ["dash", "busybox"] as const
export type Shell = (typeof shells)[number]

/** PATH on which BusyBox stands for every tool that it has. */
let busyboxPath: string | undefined
let busyboxFolder: string | undefined
afterAll(() => {
  for (const folder of [agentFolder, busyboxFolder])
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

function path(shell: Shell): string {
  const own = process.env.PATH ?? ""
  if (shell !== "busybox") return own
  if (busyboxPath === undefined) {
    busyboxFolder = mkdtempSync(join(tmpdir(), "seamless-busybox-"))
    const { status, error } = spawnSync("busybox", ["--install", "-s", busyboxFolder])
    if (status !== 0) throw new Error(`busybox is missing\n  → apt-get install busybox`, { cause: error })
    busyboxPath = `${busyboxFolder}:${own}`
  }
  return busyboxPath
}

/** Runs a program of the shell's language; the environment has PATH and what is given, nothing else. */
export function runShell(
  shell: Shell,
  program: string,
  {
    args = [],
    env = {},
    input = "",
    cwd,
  }: {
    args?: readonly string[]
    env?: Readonly<Record<string, string>>
    input?: string
    cwd?: string
  } = {},
): { code: number | null; stdout: string; stderr: string } {
  const argv = shell === "busybox" ? ["busybox", "sh"] : [shell]
  const [file = "", ...rest] = [...argv, "-c", program, "test", ...args]
  const { status, stdout, stderr, error } = spawnSync(file, rest, {
    input,
    encoding: "utf8",
    env: { ...env, PATH: `${env.PATH === undefined ? "" : `${env.PATH}:`}${path(shell)}` },
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (error !== undefined)
    throw new Error(`${file} cannot be run\n  → apt-get install ${file}`, { cause: error })
  return { code: status, stdout, stderr }
}
