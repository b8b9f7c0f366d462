import type { Client, Service } from "@dagger.io/dagger"
import { execa } from "execa"
import { toolImage, toolProgram } from "./tools.ts"

/** Makes key pairs of cosign in a folder, by name, each with its password. */
export async function makeKeys(folder: string, passwords: Record<string, string>): Promise<void> {
  const cosign = await toolProgram("cosign")
  for (const [name, password] of Object.entries(passwords))
    await execa(cosign, ["generate-key-pair", "--output-key-prefix", name], {
      cwd: folder,
      env: { COSIGN_PASSWORD: password },
    })
}

/** What cosign says about an image of the registry that asks for a login, signed with a key; it fails for any other. */
export async function verified(
  client: Client,
  image: string,
  registry: Service,
  publicKey: string,
): Promise<string> {
  const login = { auths: { "registry:5000": { auth: btoa("ci:seamless") } } }
  const tool = await toolImage(client, "cosign")
  const verify = [
    "verify",
    "--key",
    "/key.pub",
    "--insecure-ignore-tlog=true",
    "--allow-http-registry",
    image,
  ]
  return await tool
    .withServiceBinding("registry", registry)
    .withMountedTemp("/tmp")
    .withEnvVariable("HOME", "/tmp")
    .withNewFile("/key.pub", publicKey)
    .withNewFile("/docker/config.json", JSON.stringify(login))
    .withEnvVariable("DOCKER_CONFIG", "/docker")
    .withExec(verify, { useEntrypoint: true })
    .stdout()
}
