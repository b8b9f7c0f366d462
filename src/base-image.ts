import { type Container, dag } from "@dagger.io/dagger"
import { pinned } from "./core/pin-sources.ts"
import { parseReference, sameRegistry } from "./core/reference.ts"
import { imageOf, type Registry } from "./registry.ts"

/** Images that a Dockerfile names, as the engine sees them. */
export interface ImageSource {
  platform: string
  /** For images of the same registry: its login, and the service that stands for it. */
  registry?: Registry
}

function named(name: string, { platform, registry }: ImageSource): Container {
  return imageOf(
    name,
    platform,
    registry !== undefined && sameRegistry(name, registry.repository) ? registry : undefined,
  )
}

/** Digests by name. One that cannot be resolved is missing: what needs it is not cached, and the build will say why. */
export async function resolveImages(
  names: readonly string[],
  source: ImageSource,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    names.map(async (name): Promise<[string, string][]> => {
      try {
        const { digest } = parseReference(await named(name, source).imageRef())
        return digest === undefined ? [] : [[name, digest]]
      } catch {
        return []
      }
    }),
  )
  return new Map(found.flat())
}

/**
 * Fetches what the build itself could not: a service stands for a registry only where it is given, and a FROM gives none. What the
 * engine has by its digest it does not ask for.
 */
export async function fetchBehindService(
  names: readonly string[],
  digests: ReadonlyMap<string, string>,
  source: ImageSource,
): Promise<void> {
  const { registry } = source
  if (registry?.service === undefined) return
  const own = names.filter((name) => digests.has(name) && sameRegistry(name, registry.repository))
  // If it fails, so does the build, with a better reason.
  await Promise.allSettled(own.map((name) => named(pinned(name, digests), source).sync()))
}

/**
 * Which of some base images have ONBUILD. The engine does not show it, but writes it into an archive, and without the files that is a
 * small one, all of it text. It fetches the image: only for those that were built on.
 */
export async function findTriggering(
  names: readonly string[],
  digests: ReadonlyMap<string, string>,
  source: ImageSource,
): Promise<Set<string>> {
  const found = await Promise.all(
    names.map(async (name) => {
      const image = named(pinned(name, digests), source)
      const archive = await image.withRootfs(dag.directory()).asTarball().contents()
      return /"OnBuild":\["/.test(archive) ? [name] : []
    }),
  )
  return new Set(found.flat())
}
