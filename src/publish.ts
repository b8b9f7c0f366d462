import { dag, type Platform } from "@dagger.io/dagger"
import type { Images } from "./build.ts"
import { pushPauses } from "./core/backoff.ts"
import { formatDuration } from "./core/duration.ts"
import { DeployError } from "./core/errors.ts"
import { explainPull, message } from "./core/image-error.ts"
import { explainGivenUp } from "./core/push-error.ts"
import { familiarName, parseReference, type Reference } from "./core/reference.ts"
import { isPassing, registryAnswer } from "./core/registry-answer.ts"
import { authorized, type Destinations, openRegistry, pull, type Registry, viaService } from "./registry.ts"
import { type Manifest, type RegistryApi, RegistryError } from "./registry-api.ts"
import { atOnce, GaveUp, retrying } from "./retry.ts"

/** What was pushed. */
export interface Published {
  /** That of every name, as the registries say. */
  digest: string
  /** Repositories with tags, the first repository's first. */
  names: string[]
  /** What had to be tried again, for the report. */
  retries: string[]
}

/** Requests of one call to registries at a time: enough to hide their latency, and no flood for their rate limits. */
const together = 4

/**
 * Pushes every tag to every repository from the one build, and looks at each in the registry afterwards.
 *
 * In each repository the first tag goes alone, since it carries the layers, and then all others at once: a request to the registry's
 * API for each, or where that cannot be asked, one more push by the engine.
 *
 * @param patience Milliseconds for which a registry in trouble is tried again.
 * @throws InputError when a registry refuses, DeployError when it has trouble for longer than that.
 */
export async function publishImage(
  images: Images,
  destinations: Destinations,
  tags: readonly string[],
  patience: number,
): Promise<Published> {
  const push = new Push(images, patience)
  const [firstTag, ...otherTags] = tags.map((tag) => ({ tag }))
  if (firstTag === undefined) throw new Error("there is no tag to push")
  const first = (destination: Registry) => push.one({ destination, ...firstTag })
  const [home, ...mirrors] = destinations
  const digest = await first(home)
  await atOnce(mirrors, together, first)
  const others = destinations.flatMap((destination) => otherTags.map((tag) => ({ destination, ...tag })))
  await atOnce(others, together, (target) => push.another(target, digest))
  const all = [home, ...mirrors].flatMap((destination) => tags.map((tag) => ({ destination, tag })))
  const platform = await images[0].platform()
  await atOnce(all, together, (target) => push.check(target, digest, platform))
  return { digest, names: all.map(nameOf), retries: push.retries }
}

interface Target {
  destination: Registry
  tag: string
}

const nameOf = ({ destination, tag }: Target) => `${destination.repository}:${tag}`

/** The pushes of one image: what they did, and had to do again, so far. */
class Push {
  readonly retries: string[] = []
  private readonly pushed: string[] = []
  private readonly inRegistry = new Map<Registry, Promise<Stored>>()

  constructor(
    private readonly images: Images,
    private readonly patience: number,
  ) {}

  /** Pushes one tag. @returns The digest that the engine gave it. */
  async one(target: Target): Promise<string> {
    const [image, ...platformVariants] = this.images
    const { destination } = target
    const reference = await this.patiently(target, "push", () =>
      authorized(image, destination).publish(nameOf(target), {
        ...(platformVariants.length === 0 ? {} : { platformVariants }),
        ...viaService(destination),
      }),
    )
    this.done(target, reference)
    return parseReference(reference).digest as string
  }

  /** Gives what was pushed to a repository one more tag. */
  async another(target: Target, digest: string): Promise<void> {
    try {
      const { api, image } = await this.stored(target.destination, digest)
      await api.tag(image, target.tag)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      console.error(`${nameOf(target)} is pushed like the first tag: ${error.message}`)
      return void (await this.one(target))
    }
    this.done(target, `${nameOf(target)}@${digest}`)
  }

  private done(target: Target, reference: string): void {
    this.pushed.push(nameOf(target))
    console.error(`pushed ${reference}`)
  }

  /** What a repository has by now, and who can be asked to tag it; found out once. */
  private stored(destination: Registry, digest: string): Promise<Stored> {
    const known = this.inRegistry.get(destination) ?? findStored(destination, digest)
    this.inRegistry.set(destination, known)
    return known
  }

  /** Asks the registry what the tag is now: the engine's word for it is no proof. */
  async check(target: Target, digest: string, platform: Platform): Promise<void> {
    const now = await this.patiently(target, "check", () =>
      lookUp(nameOf(target), target.destination, platform),
    )
    if (now === digest) return
    throw new DeployError(`${nameOf(target)} is ${now} in the registry, and ${digest} was pushed`, {
      hint: "somebody else has pushed this tag at the same time: see who, then try again",
    })
  }

  private async patiently<T>(target: Target, what: "push" | "check", attempt: () => Promise<T>): Promise<T> {
    const name = nameOf(target)
    try {
      return await retrying(attempt, {
        patience: { total: this.patience, ...pushPauses },
        passing: (error) => isPassing(message(error)),
        failed: (error, pause) => {
          const sentence = `${what} of ${name} failed with ${registryAnswer(message(error))}`
          this.retries.push(sentence)
          console.error(`${sentence}; again in ${formatDuration(pause)}`)
        },
      })
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error
      const { last, tries, ms } = error
      throw explainGivenUp(
        last,
        { what, name, repository: target.destination.repository, tries, ms },
        this.pushed,
      )
    }
  }
}

interface Stored {
  api: RegistryApi
  image: Manifest
}

async function findStored(destination: Registry, digest: string): Promise<Stored> {
  const api = await openRegistry(destination)
  return { api, image: await api.existing(digest) }
}

/** The digest that a tag of the registry has now. */
export async function resolveImage(reference: Reference, registry: Registry): Promise<string> {
  const name = familiarName(reference)
  try {
    return await lookUp(name, registry)
  } catch (error) {
    throw explainPull(error, name)
  }
}

/**
 * Asks the registry. The engine asks once a session for each parent and tag, hence a parent that was never there before.
 *
 * @param platform One that the image has. Default: the engine's own.
 */
async function lookUp(name: string, registry: Registry, platform?: Platform): Promise<string> {
  const base = dag
    .container(platform === undefined ? {} : { platform })
    .withEnvVariable("SEAMLESS_LOOK_UP", crypto.randomUUID())
  const { digest } = parseReference(await pull(base, name, registry).imageRef())
  if (digest === undefined) throw new Error(`the registry gave no digest for ${name}`)
  return digest
}
