import type { Container, Secret } from "@dagger.io/dagger"
import { dockerLogin } from "../access.ts"
import { type Registry, registryHost } from "../registry.ts"
import { prepareTool, runTool } from "./tool.ts"

/** Whose signature an image gets. */
export interface SignOptions {
  /** Private key as `cosign generate-key-pair` makes it. */
  key: Secret
  /** Its password. */
  password?: Secret
  /** Whether the signature is also written to the public log of Sigstore, with the image's name and for good. */
  transparencyLog: boolean
  tool?: Container
}

/** Signs an image in its registry, by cosign: a signature beside the image, for its digest. */
export async function signImage(registry: Registry, digest: string, options: SignOptions): Promise<void> {
  const { key, password, transparencyLog } = options
  const args = ["sign", "--yes", "--key", "/keys/cosign.key"]
  if (!transparencyLog) args.push("--use-signing-config=false", "--tlog-upload=false")
  // A service is a registry in a container, or a tunnel: plain HTTP, as a rule.
  if (registry.service !== undefined) args.push("--allow-http-registry")
  let tool = (await withAccess(prepareTool("cosign", options.tool), registry))
    .withMountedSecret("/keys/cosign.key", key, { mode: 0o400 })
    .withEnvVariable("SEAMLESS_SIGN", crypto.randomUUID())
  // cosign reads the password from its standard input; without one there is nothing to read.
  if (password !== undefined) tool = tool.withMountedSecret(passwordFile, password, { mode: 0o400 })
  await runTool("cosign", tool, [...args, `${registry.repository}@${digest}`], {
    ...(password === undefined ? {} : { stdin: passwordFile }),
  })
}

const passwordFile = "/keys/password"

async function withAccess(tool: Container, registry: Registry): Promise<Container> {
  const login = await dockerLogin(registry)
  const reached =
    registry.service === undefined
      ? tool
      : tool.withServiceBinding(registryHost(registry.repository).replace(/:\d+$/, ""), registry.service)
  if (login === undefined) return reached
  return reached
    .withMountedSecret("/docker/config.json", login, { mode: 0o400 })
    .withEnvVariable("DOCKER_CONFIG", "/docker")
}
