import type { Container } from "@dagger.io/dagger"
import { buildImage, type CheckedBuild, dockerBuild, type Images } from "./build.ts"
import type { KeyedBuild } from "./build-key.ts"
import { findStages, imageOf, openRegistry, shortly, storeStage, tagStage } from "./cache-store.ts"
import { type CachedBuild, cacheKeys, type Keyed, rewrite, uncached } from "./core/cached-dockerfile.ts"
import { explainBuild, isFailedCommand } from "./core/image-error.ts"
import type { Registry } from "./publish.ts"

/** Where results of stages are looked for and put. */
export interface StageCache {
  from?: Registry
  to?: Registry
}

export interface BuiltImage {
  images: Images
  /** What came from the cache, and what was wrong with it, a sentence each. */
  notes: string[]
  /** Results that the cache does not have. */
  missing: Missing[]
}

interface Missing {
  key: string
  image: Container
  platform: string
  /** It is the finished image. */
  finished: boolean
}

/** Without a cache: why, and that everything is built. */
export async function buildPlainly(build: CheckedBuild, note: string): Promise<BuiltImage> {
  return { images: await buildImage(build), notes: [note], missing: [] }
}

/** Builds from the last parts of the stages that the cache has. Whatever is wrong with the cache, it builds. */
export async function buildFromCache(
  build: CheckedBuild,
  { context, platforms }: KeyedBuild,
  cache: StageCache,
): Promise<BuiltImage> {
  const notes: string[] = []
  const parts = await Promise.all(
    platforms.map(async ({ platform, keyed }) => {
      const available = await lookUp(keyed, cache, notes)
      return { platform, cached: await chooseParts(keyed, platform, available, cache, notes) }
    }),
  )
  const source = parts.map(({ cached }) => withDockerfile(context.directory, cached.dockerfile))
  const at = (index: number, target: string) =>
    dockerBuild(
      { ...build, source: source[index] as typeof context.directory, dockerfile: name, target },
      parts[index]?.platform,
    )
  try {
    const [first, ...others] = parts.map(({ cached }, index) => at(index, cached.target).sync())
    const images: Images = [await (first as Promise<Container>), ...(await Promise.all(others))]
    const missing = parts.flatMap(({ cached }, index) =>
      cached.missing.map(
        ({ key, stage }): Missing => ({
          key,
          image: at(index, stage),
          platform: parts[index]?.platform ?? "",
          finished: stage === cached.target,
        }),
      ),
    )
    return { images, missing, notes: [...new Set([...notes, ...tell(platforms, parts)])] }
  } catch (error) {
    if (isFailedCommand(error)) throw explainBuild(error, build.dockerfile)
    // Perhaps the Dockerfile was not understood; if it is the Dockerfile that is wrong, this says so.
    return buildPlainly(build, `the build cache is not used: ${shortly(error)}`)
  }
}

/** Stands in the context for one build, and is not part of it. */
const name = ".seamless-build-cache.Dockerfile"

const withDockerfile = (directory: KeyedBuild["context"]["directory"], text: string) =>
  directory.withNewFile(name, text).withNewFile(`${name}.dockerignore`, `${name}\n${name}.dockerignore\n`)

async function lookUp(keyed: Keyed, { from }: StageCache, notes: string[]): Promise<Map<string, string>> {
  if (from === undefined) return new Map()
  try {
    return await findStages(await openRegistry(from), from.repository, cacheKeys(keyed))
  } catch (error) {
    notes.push(`the build cache cannot be read: ${shortly(error)}`)
    return new Map()
  }
}

/** The images are fetched before the build begins: one that cannot be had is given up, and the build begins earlier. */
async function chooseParts(
  keyed: Keyed,
  platform: string,
  available: Map<string, string>,
  { from }: StageCache,
  notes: string[],
): Promise<CachedBuild> {
  for (;;) {
    const cached = rewrite(keyed, available)
    const broken = await Promise.all(
      cached.used.map(async ({ key, reference, what }) => {
        try {
          await imageOf(from as Registry, reference, platform).sync()
          return []
        } catch (error) {
          notes.push(`${what} cannot be fetched from the build cache: ${shortly(error)}`)
          return [key]
        }
      }),
    )
    if (broken.flat().length === 0) return cached
    for (const key of broken.flat()) available.delete(key)
  }
}

function tell(
  platforms: KeyedBuild["platforms"],
  parts: readonly { platform: string; cached: CachedBuild }[],
): string[] {
  return parts.flatMap(({ platform, cached: { used, built } }, index) => {
    const on = parts.length > 1 ? ` (${platform})` : ""
    const list = (what: string, items: readonly string[]) =>
      items.length === 0 ? [] : [`${what}${on}: ${items.join(", ")}`]
    return [
      ...list(
        "from the build cache",
        used.map(({ what }) => what),
      ),
      ...list("built", built),
      ...uncached(platforms[index]?.keyed as Keyed),
    ]
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
