import { type Container, dag, type Secret, type Service } from "@dagger.io/dagger"
import { explainPull, explainPush } from "./core/image-error.ts"
import { familiarName, parseReference, type Reference } from "./core/reference.ts"

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
export function authorized(container: Container, { repository, user, token }: Registry): Container {
  if (token === undefined) return container
  return container.withRegistryAuth(registryHost(repository), user ?? "", token)
}

export const registryHost = (repository: string) => parseReference(repository).registry
