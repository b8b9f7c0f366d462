import {
  type Container,
  type Directory,
  dag,
  type Platform,
  type Secret,
  type Service,
} from "@dagger.io/dagger"
import { InputError } from "./core/errors.ts"
import { explainBuild, explainPull, explainPush } from "./core/image-error.ts"
import { parsePlatform } from "./core/options.ts"
import { familiarName, parseReference, type Reference } from "./core/reference.ts"

/** What a Dockerfile build takes. */
export interface BuildOptions {
  source: Directory
  dockerfile: string
  target?: string
  platforms: readonly string[]
  /** `NAME=value` */
  args: readonly string[]
  secrets: readonly Secret[]
  /** The ids by which the Dockerfile mounts them, in the same order. */
  secretIds: readonly string[]
}

/** One container a platform; the first one is the one that can be run here. */
export async function buildImage(options: BuildOptions): Promise<[Container, ...Container[]]> {
  const { source, dockerfile, target, platforms } = options
  await checkDockerfile(source, dockerfile)
  const buildArgs = options.args.map((arg, index) => parseBuildArg(arg, `buildArgs[${index}]`))
  const secrets = await nameSecrets(options)
  const build = (platform?: string) =>
    source.dockerBuild({
      dockerfile,
      buildArgs,
      secrets,
      ...(target === undefined ? {} : { target }),
      ...(platform === undefined ? {} : { platform: platform as Platform }),
    })
  const checked = platforms.map((platform, index) => parsePlatform(platform, `platforms[${index}]`))
  const [first, ...others] = checked.length === 0 ? [undefined] : checked
  try {
    return await Promise.all([build(first).sync(), ...others.map((platform) => build(platform).sync())])
  } catch (error) {
    throw explainBuild(error, dockerfile)
  }
}

async function checkDockerfile(source: Directory, dockerfile: string): Promise<void> {
  if (await source.exists(dockerfile)) return
  throw new InputError("dockerfile", `the source has no file ${dockerfile}`, "give its path within --source")
}

function parseBuildArg(text: string, path: string): { name: string; value: string } {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(text)
  if (match === null)
    throw new InputError(path, `${JSON.stringify(text)} is no build argument`, "write NAME=value")
  return { name: match[1] as string, value: match[2] as string }
}

/** The engine finds a secret by its name, and a secret from a command line has none. */
async function nameSecrets({ secrets, secretIds }: BuildOptions): Promise<Secret[]> {
  if (secrets.length !== secretIds.length) {
    const problem = `${secrets.length} secrets, but ${secretIds.length} ids`
    throw new InputError("buildSecretIds", problem, "give one id for each secret, in the same order")
  }
  return Promise.all(
    secrets.map(async (secret, index) => dag.setSecret(secretIds[index] as string, await secret.plaintext())),
  )
}

/** Where images are pushed to, and as whom. */
export interface Registry {
  /** `ghcr.io/acme/web` */
  repository: string
  user?: string
  token?: Secret
  /** Stands for the registry: a tunnel, or a registry in a container. */
  service?: Service
}

/**
 * Pushes every tag from the one build: the first alone, which carries the layers, then all others at once.
 *
 * @returns The digest that all the tags have.
 */
export async function publishImage(
  images: readonly [Container, ...Container[]],
  registry: Registry,
  tags: readonly string[],
): Promise<string> {
  const [first, ...platformVariants] = images
  const image = authorized(first, registry)
  const push = async (tag: string) => {
    const reference = await image.publish(`${registry.repository}:${tag}`, {
      ...(platformVariants.length === 0 ? {} : { platformVariants }),
      ...(registry.service === undefined ? {} : { registryService: registry.service }),
    })
    return parseReference(reference).digest
  }
  const [firstTag, ...otherTags] = tags
  const digest = await push(firstTag as string).catch((error) => {
    throw explainPush(error, registry.repository)
  })
  const others = await Promise.all(otherTags.map(push))
  const odd = others.findIndex((other) => other !== digest)
  if (digest === undefined || odd >= 0)
    throw new Error(
      `the tags of one build have two digests: ${firstTag} ${digest}, ${otherTags[odd]} ${others[odd]}`,
    )
  return digest
}

/** The digest that a tag of the registry has now. */
export async function resolveImage(reference: Reference, registry: Registry): Promise<string> {
  const name = familiarName(reference)
  const base = authorized(dag.container(), registry)
  try {
    const container = base.from(
      name,
      registry.service === undefined ? {} : { registryService: registry.service },
    )
    const { digest } = parseReference(await container.imageRef())
    if (digest !== undefined) return digest
  } catch (error) {
    throw explainPull(error, name)
  }
  throw new Error(`the registry gave no digest for ${name}`)
}

/** Last, since everything after it loses the engine's cache. */
function authorized(container: Container, { repository, user, token }: Registry): Container {
  if (token === undefined) return container
  return container.withRegistryAuth(registryHost(repository), user ?? "", token)
}

export const registryHost = (repository: string) => parseReference(repository).registry
