import { type Container, dag, ReturnType, type Secret, type Service, type Socket } from "@dagger.io/dagger"
import { formatHost, type HostAddress } from "../core/host-address.ts"
import { knownHostsName } from "../core/known-hosts.ts"
import { quote } from "../core/quote.ts"
import { explainSsh } from "../core/ssh-error.ts"
import type { CommandResult, Host, HostCommand } from "./host.ts"

/** Image with an SSH client and tar. */
const clientImage = "docker:cli"

/** How to reach a host; nothing here has a default that trusts. */
export interface SshAccess {
  address: HostAddress
  knownHosts: string
  /** Private key, or else the socket of an SSH agent. */
  key?: Secret
  agent?: Socket
  /** Stands for the host, under the name in the address: a tunnel, or a host in a container. */
  service?: Service
  /** Files that travel beside those of a command, by path, without being written anywhere here. */
  secretFiles?: Readonly<Record<string, Secret>>
}

/** A host over SSH, from a Dagger container with OpenSSH. Host keys are always checked. */
export class SshHost implements Host {
  constructor(private readonly access: SshAccess) {}

  async run({ argv, stdin, files }: HostCommand): Promise<CommandResult> {
    const ssh = ["ssh", ...sshCommand(this.access, await this.servicePort()), quote(argv)]
    const client = this.client()
    const done =
      files === undefined
        ? client.withExec(["sh", "-c", 'exec "$@" >/stdout', ...ssh], { ...options, stdin: stdin ?? "" })
        : this.withFiles(client, files).withExec(
            ["sh", "-c", 'tar -C /payload -cf - . | "$@" >/stdout', ...ssh],
            options,
          )
    const code = await done.exitCode()
    const [stdout, stderr] = await Promise.all([done.file("/stdout").contents(), done.stderr()])
    if (code === 255) throw explainSsh(formatHost(this.access.address), stderr)
    return { code, stdout, stderr }
  }

  /** A service listens where it likes: the address names the host, and its key, all the same. */
  private async servicePort(): Promise<number | undefined> {
    // A tunnel knows its ports only when it has been started.
    const [port] = (await (await this.access.service?.start())?.ports()) ?? []
    return port?.port()
  }

  private client(): Container {
    const { address, knownHosts, key, agent, service } = this.access
    let client = dag.container().from(clientImage).withNewFile("/ssh/known_hosts", knownHosts)
    if (key !== undefined) client = client.withMountedSecret("/ssh/key", key, { mode: 0o400 })
    if (agent !== undefined)
      client = client.withUnixSocket("/ssh/agent", agent).withEnvVariable("SSH_AUTH_SOCK", "/ssh/agent")
    if (service !== undefined) client = client.withServiceBinding(address.name, service)
    // Every exec against a host is an effect or a remote read: the engine must never answer it from its cache.
    return client.withEnvVariable("SEAMLESS_EXEC", crypto.randomUUID())
  }

  private withFiles(client: Container, files: Readonly<Record<string, string>>): Container {
    let payload = dag.directory()
    for (const [path, text] of Object.entries(files))
      payload = payload.withNewFile(path, text, { permissions: 0o600 })
    let loaded = client.withDirectory("/payload", payload)
    for (const [path, secret] of Object.entries(this.access.secretFiles ?? {})) {
      loaded = loaded.withMountedSecret(`/payload/${path}`, secret, { mode: 0o400 })
    }
    return loaded
  }
}

/** What a command prints is data and goes to a file, out of the engine's log; progress comes on standard error. */
const options = { expect: ReturnType.Any }

/** Options of ssh(1). A silent link is given up after a minute; the host goes on by itself. */
function sshCommand({ address, key }: SshAccess, servicePort: number | undefined): string[] {
  const settings = [
    "StrictHostKeyChecking=yes",
    "UserKnownHostsFile=/ssh/known_hosts",
    "GlobalKnownHostsFile=/dev/null",
    "BatchMode=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    ...(servicePort === undefined ? [] : [`HostKeyAlias=${knownHostsName(address)}`, "CheckHostIP=no"]),
    ...(key === undefined ? [] : ["IdentitiesOnly=yes", "IdentityFile=/ssh/key"]),
  ]
  const { user, name, port } = address
  return [
    "ssh",
    "-T",
    "-F",
    "/dev/null",
    ...settings.flatMap((setting) => ["-o", setting]),
    "-p",
    String(servicePort ?? port),
    "-l",
    user,
    "--",
    name,
  ]
}
