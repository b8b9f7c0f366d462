import { findStages, shortly } from "./cache-store.ts"
import { type CachedBuild, cacheKeys, type Keyed, rewrite } from "./core/cached-dockerfile.ts"
import { imageOf, openRegistry, type Registry } from "./registry.ts"

/** Where results of stages are looked for and put. */
export interface StageCache {
  from?: Registry
  to?: Registry
}

/** References of the cached images that there are, by key. */
export async function lookUp(
  keyed: Keyed,
  { from }: StageCache,
  notes: string[],
): Promise<Map<string, string>> {
  if (from === undefined) return new Map()
  try {
    return await findStages(await openRegistry(from), from.repository, cacheKeys(keyed))
  } catch (error) {
    notes.push(`the build cache cannot be read: ${shortly(error)}`)
    return new Map()
  }
}

/** The images are fetched before the build begins: one that cannot be had is given up, and the build begins earlier. */
export async function chooseParts(
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
          await imageOf(reference, platform, from).sync()
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
