import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { execa } from "execa"
import type { CommandResult, Host, HostCommand } from "../../src/host/host.ts"

/** The machine itself as a host, for tests. */
export class LocalHost implements Host {
  constructor(private readonly env: Record<string, string> = {}) {}

  async run({ argv, stdin = "", files }: HostCommand): Promise<CommandResult> {
    const [file = "", ...args] = argv
    const input = files === undefined ? stdin : await archive(files)
    const {
      exitCode = 255,
      stdout,
      stderr,
    } = await execa(file, args, {
      input,
      env: this.env,
      reject: false,
      stripFinalNewline: false,
    })
    return { code: exitCode, stdout, stderr }
  }
}

/** Files as a tar archive. */
export async function archive(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "seamless-"))
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    return (await execa("tar", ["-cf", "-", "-C", folder, "."], { encoding: "buffer" })).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}
