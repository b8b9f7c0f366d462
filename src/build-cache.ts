import type { Container } from "@dagger.io/dagger"
import { fetchBehindService, findTriggering, type ImageSource } from "./base-image.ts"
import { buildImage, buildPlatform, type CheckedBuild, dockerBuild, type Images } from "./build.ts"
import { type KeyedBuild, rekey } from "./build-key.ts"
import { shortly, storeStage, tagStage } from "./cache-store.ts"
import { chooseParts, lookUp, type StageCache } from "./cached-parts.ts"
import { type CachedBuild, cacheKeys, imageKey, type Keyed, uncached } from "./core/cached-dockerfile.ts"
import { explainBuild, isFailedCommand } from "./core/image-error.ts"
import { openRegistry } from "./registry.ts"

export interface BuiltImage {
  images: Images
  /** What came from the cache, and what was wrong with it, a sentence each. */
  notes: string[]
  /** Results that the cache does not have. */
  missing: Missing[]
  /** The whole image depends on nothing but what its key is made of. */
  keyed: boolean
}

interface Missing {
  key: string
  image: Container
  platform: string
  /** It is the finished image. */
  finished: boolean
}

/** The build for one platform. */
interface Part {
  source: ImageSource
  keyed: Keyed
  cached: CachedBuild
}

/** Without a cache: why, and that everything is built. */
export async function buildPlainly(build: CheckedBuild, note: string): Promise<BuiltImage> {
  return { images: await buildImage(build), notes: [note], missing: [], keyed: false }
}

/** Builds from the last parts of the stages that the cache has. Whatever is wrong with the cache, it builds. */
export async function buildFromCache(
  build: CheckedBuild,
  { context, platforms, registry }: KeyedBuild,
  cache: StageCache,
): Promise<BuiltImage> {
  const notes: string[] = []
  const parts = await Promise.all(
    platforms.map(async ({ platform, keyed }): Promise<Part> => {
      const source = { platform, ...(registry === undefined ? {} : { registry }) }
      const available = await lookUp(keyed, cache, notes)
      return { source, keyed, cached: await chooseParts(keyed, platform, available, cache, notes) }
    }),
  )
  const rewritten = ({ cached }: Part, target: string) => ({
    ...build,
    source: withDockerfile(context.directory, cached.dockerfile),
    dockerfile: name,
    target,
  })
  const at = (part: Part, target: string) => dockerBuild(rewritten(part, target), part.source.platform)
  const buildPart = async (part: Part) => {
    const { bases } = part.cached
    await fetchBehindService(bases, part.keyed.findings.images, part.source)
    return buildPlatform(rewritten(part, part.cached.target), part.source.platform)
  }
  try {
    const [first, ...others] = parts.map(buildPart)
    const images: Images = [await (first as Promise<Container>), ...(await Promise.all(others))]
    return { images, ...(await whatIsNew(parts, at, notes)) }
  } catch (error) {
    if (isFailedCommand(error)) throw explainBuild(error, build.dockerfile)
    // Perhaps the Dockerfile was not understood; if it is the Dockerfile that is wrong, this says so.
    return buildPlainly(build, `the build cache is not used: ${shortly(error)}`)
  }
}

/**
 * What there is to keep. Whether a base has ONBUILD is asked only now, when it has been fetched to build on it: of such a base nothing
 * is ever kept, so nothing can have come from the cache.
 */
async function whatIsNew(
  parts: readonly Part[],
  at: (part: Part, target: string) => Container,
  notes: readonly string[],
): Promise<Omit<BuiltImage, "images">> {
  const settled = await Promise.all(
    parts.map(async (part) => {
      const triggering = await findTriggering(part.cached.bases, part.keyed.findings.images, part.source)
      return { ...part, keyed: rekey(part.keyed, triggering) }
    }),
  )
  const missing = settled.flatMap((part) => {
    const keys = cacheKeys(part.keyed)
    return part.cached.missing.flatMap(({ key, stage }): Missing[] => {
      const finished = stage === part.cached.target
      return keys.includes(key)
        ? [{ key, image: at(part, stage), platform: part.source.platform, finished }]
        : []
    })
  })
  return {
    missing,
    notes: [...new Set([...notes, ...tell(settled)])],
    keyed: settled.every(({ keyed }) => imageKey(keyed) !== undefined),
  }
}

/** Stands in the context for one build, and is not part of it. */
const name = ".seamless-build-cache.Dockerfile"

const withDockerfile = (directory: KeyedBuild["context"]["directory"], text: string) =>
  directory.withNewFile(name, text).withNewFile(`${name}.dockerignore`, `${name}\n${name}.dockerignore\n`)

function tell(parts: readonly Part[]): string[] {
  return parts.flatMap(({ source, keyed, cached: { used, built } }) => {
    const on = parts.length > 1 ? ` (${source.platform})` : ""
    const list = (what: string, items: readonly string[]) =>
      items.length === 0 ? [] : [`${what}${on}: ${items.join(", ")}`]
    const from = used.map(({ what }) => what)
    return [...list("from the build cache", from), ...list("built", built), ...uncached(keyed)]
  })
}

/**
 * Puts into the cache what it does not have. It may be full, or closed to us: that is a note, and no error.
 *
 * @param pushed Digest of the finished image, when it is in the cache's repository already.
 */
export async function saveStages(
  { missing }: BuiltImage,
  { to }: StageCache,
  pushed?: string,
): Promise<string[]> {
  if (to === undefined) return []
  try {
    // One after the other: each finds the layers of the one before in the registry.
    for (const { key, image, platform, finished } of missing) {
      if (finished && pushed !== undefined) await tagStage(await openRegistry(to), key, pushed, platform)
      else await storeStage(to, key, image)
    }
    return []
  } catch (error) {
    return [`the build cache cannot be written: ${shortly(error)}`]
  }
}
