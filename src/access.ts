import { dag, type File, type Secret, type Service, type Socket } from "@dagger.io/dagger"
import { InputError } from "./core/errors.ts"
import { formatHost, parseHost } from "./core/host-address.ts"
import { checkKnownHosts } from "./core/known-hosts.ts"
import { parsePath } from "./core/options.ts"
import { normalizePrivateKey } from "./core/private-key.ts"
import { familiarName, parseRepository } from "./core/reference.ts"
import type { Host } from "./host/host.ts"
import { SshHost } from "./host/ssh.ts"
import type { ProjectPlace } from "./project.ts"
import { type Registry, registryHost } from "./registry.ts"

/** The host as the caller names it. */
export interface HostOptions {
  host: string
  sshKey?: Secret
  sshAgent?: Socket
  knownHosts: File
  sshService?: Service
  projectDir: string
  composeFiles: string[]
}

/** A project on a host, checked as far as it can be without asking the host. */
export interface Target extends ProjectPlace {
  host: Host
  /** `user@name[:port]` */
  name: string
}

/** Checks the address, the known hosts and the key, and makes a host of them. */
export async function connect(options: HostOptions, registry?: Registry): Promise<Target> {
  const address = parseHost(options.host)
  const knownHosts = await options.knownHosts.contents()
  checkKnownHosts(knownHosts, address)
  const key = await readKey(options)
  const login = registry === undefined ? undefined : await dockerLogin(registry)
  const host = new SshHost({
    address,
    knownHosts,
    ...(key === undefined ? {} : { key }),
    ...(options.sshAgent === undefined ? {} : { agent: options.sshAgent }),
    ...(options.sshService === undefined ? {} : { service: options.sshService }),
    ...(login === undefined ? {} : { secretFiles: { "docker/config.json": login } }),
  })
  const composeFiles = options.composeFiles.map((file, index) => parsePath(file, `composeFiles[${index}]`))
  return {
    host,
    name: formatHost(address),
    projectDir: parsePath(options.projectDir, "projectDir"),
    composeFiles,
  }
}

async function readKey({ sshKey, sshAgent }: HostOptions): Promise<Secret | undefined> {
  if (sshKey === undefined && sshAgent === undefined) {
    throw new InputError(
      "sshKey",
      "there is neither a key nor an agent",
      "give --ssh-key file:PATH or env:NAME, or --ssh-agent with the agent's socket",
    )
  }
  if (sshKey === undefined) return undefined
  return dag.setSecret("ssh-key", normalizePrivateKey(await sshKey.plaintext()))
}

/** A Docker configuration for the host's pull; only as a secret, and removed from the host after it. */
export async function dockerLogin({ repository, user, token }: Registry): Promise<Secret | undefined> {
  if (token === undefined) return undefined
  const host = registryHost(repository)
  const auth = btoa(`${user ?? ""}:${await token.plaintext()}`)
  const key = host === "docker.io" ? "https://index.docker.io/v1/" : host
  return dag.setSecret("docker-login", JSON.stringify({ auths: { [key]: { auth } } }))
}

/** Checks the registry's options. */
export function registry(repository: string, user?: string, token?: Secret, service?: Service): Registry {
  const name = familiarName(parseRepository(repository))
  if (user !== undefined && token === undefined)
    throw new InputError("registryToken", "there is a user without a token", "give --registry-token env:NAME")
  if (token !== undefined && user === undefined)
    throw new InputError("registryUser", "there is a token without a user", "give --registry-user")
  return {
    repository: name,
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    ...(service === undefined ? {} : { service }),
  }
}
