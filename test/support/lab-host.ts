import { type ChildProcess, spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { quote } from "../../src/core/quote.ts"
import { explainSsh } from "../../src/core/ssh-error.ts"
import type { CommandResult, Host, HostCommand } from "../../src/host/host.ts"
import type { Lab } from "./lab.ts"
import { archive } from "./local-host.ts"

/** The lab's host through the machine's own OpenSSH client, which can be killed. */
export class LabHost implements Host {
  private client: ChildProcess | undefined

  constructor(private readonly lab: Lab) {}

  async run({ argv, stdin = "", files }: HostCommand): Promise<CommandResult> {
    const input = files === undefined ? stdin : await archive(files)
    const client = spawn("ssh", [...this.options(), "127.0.0.1", quote(argv)])
    this.client = client
    client.stdin.on("error", () => {}) // a command need not read its input
    client.stdin.end(input)
    const exit = new Promise<number>((resolve, reject) => {
      client.on("error", reject)
      client.on("close", (code) => resolve(code ?? 255))
    })
    const [stdout, stderr, code] = await Promise.all([text(client.stdout), text(client.stderr), exit])
    if (client.killed) throw new Error("the client was killed")
    if (code === 255) throw explainSsh("host.test", stderr)
    return { code, stdout, stderr }
  }

  /** Kills the client of the command that runs: it says goodbye to nobody. */
  kill(): void {
    this.client?.kill("SIGKILL")
  }

  /** As the module's own, but for a silent link: that is given up after three seconds. */
  private options(): string[] {
    const { keysDir, sshPort } = this.lab
    const settings = [
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${keysDir}/known_hosts`,
      "GlobalKnownHostsFile=/dev/null",
      "HostKeyAlias=host.test",
      "CheckHostIP=no",
      "BatchMode=yes",
      "ServerAliveInterval=1",
      "ServerAliveCountMax=3",
      "IdentitiesOnly=yes",
      `IdentityFile=${keysDir}/id_ed25519`,
    ]
    return [
      ...["-T", "-F", "/dev/null", "-p", String(sshPort), "-l", "deploy"],
      ...settings.flatMap((setting) => ["-o", setting]),
    ]
  }
}
