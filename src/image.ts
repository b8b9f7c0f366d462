import { type BuildOptions, type CheckedBuild, checkBuild, type Images } from "./build.ts"
import { type BuiltImage, buildFromCache, buildPlainly, saveStages } from "./build-cache.ts"
import { type KeyedBuild, keyBuild } from "./build-key.ts"
import { findImage, markImage, shortly } from "./cache-store.ts"
import type { StageCache } from "./cached-parts.ts"
import { explainPush } from "./core/image-error.ts"
import { lastingLabels, type PlannedLabels } from "./core/labels.ts"
import { parseRepository } from "./core/reference.ts"
import { withLabels } from "./labels.ts"
import { openRegistry, type Registry, registryFor } from "./registry.ts"
import type { Manifest } from "./registry-api.ts"
import { sha256 } from "./sha256.ts"

/** The options of the build cache as the caller gives them. */
export interface CacheOptions {
  noCache: boolean
  cacheFrom?: string
  cacheTo?: string
  cacheExclude: readonly string[]
}

/** An image for a repository: built, or one that is there already. */
export type Image = Made & (Built | Stored)

interface Built {
  /** To test and to push. */
  images: Images
}

interface Stored {
  images?: never
  /** Gives it more tags. @returns Its digest. */
  retag(tags: readonly string[]): Promise<string>
}

interface Made {
  /** How it came about, a sentence each. */
  notes: readonly string[]
  /** Keeps for the next build what this one has made; after the push. @returns What was in the way. */
  save(digest: string): Promise<string[]>
}

/** What an image has to be beside built from a source. */
export interface Wanted {
  labels: PlannedLabels
  /** What it has to pass before it is pushed. */
  proof: unknown
  /** Whether it must be built, though one of the same input and proof is in the repository. */
  anew: boolean
}

/**
 * Builds an image, beginning where the cache ends, and keeps what is new.
 *
 * @param login The registry whose login is right for images and caches of the same registry.
 */
export async function makeImage(
  options: BuildOptions,
  cacheOptions: CacheOptions,
  login: Omit<Registry, "repository">,
): Promise<Images> {
  const cache = stageCache(cacheOptions, (name) => ({ ...login, ...registryFor(name, undefined) }))
  const { build, keyed, note } = await prepare(options, cacheOptions, cache.from)
  const built = await (keyed === undefined ? buildPlainly(build, note) : buildFromCache(build, keyed, cache))
  for (const line of [...built.notes, ...(await saveStages(built, cache))]) console.log(line)
  return built.images
}

/**
 * An image for a repository. When one was built from the same input, and proved in the same way, it is in the repository already:
 * then nothing is built.
 */
export async function obtainImage(
  options: BuildOptions,
  cacheOptions: CacheOptions,
  destination: Registry,
  wanted: Wanted,
): Promise<Image> {
  const cache = stageCache(cacheOptions, (name) => registryFor(name, destination), destination)
  const { build, keyed, note } = await prepare(options, cacheOptions, destination)
  if (keyed === undefined) return fresh(await buildPlainly(build, note), {}, destination, wanted)
  const key = keyed.key === undefined ? undefined : publishedKey(keyed.key, wanted)
  const notes: string[] = []
  const stored = key === undefined || wanted.anew ? undefined : await findStored(destination, key, notes)
  if (stored !== undefined) return inRegistry(stored, destination)
  const built = await buildFromCache(build, keyed, cache)
  const all = { ...built, notes: [...notes, ...built.notes] }
  return fresh(all, cache, destination, wanted, built.keyed ? key : undefined)
}

interface Prepared {
  build: CheckedBuild
  keyed?: KeyedBuild
  /** Why there are no keys. */
  note: string
}

async function prepare(
  options: BuildOptions,
  { noCache, cacheExclude }: CacheOptions,
  registry: Registry | undefined,
): Promise<Prepared> {
  const build = await checkBuild(options)
  if (noCache) return { build, note: "built without the build cache, as asked" }
  const keyed = await keyBuild(build, cacheExclude, registry)
  return typeof keyed === "string"
    ? { build, note: `the build cache is not used: ${keyed}` }
    : { build, keyed, note: "" }
}

/** Without a name the cache is in the image's own repository; what is read from is written to. */
function stageCache(
  { cacheFrom, cacheTo }: CacheOptions,
  named: (repository: string) => Registry,
  fallback?: Registry,
): StageCache {
  const read = (name: string | undefined, path: string) => {
    if (name === undefined) return undefined
    parseRepository(name, path)
    return named(name)
  }
  const from = read(cacheFrom, "cacheFrom") ?? fallback
  const to = read(cacheTo, "cacheTo") ?? fallback
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

const publishedKey = (key: string, { labels, proof }: Wanted) =>
  sha256(JSON.stringify([key, proof, lastingLabels(labels)]))

async function findStored(registry: Registry, key: string, notes: string[]): Promise<Manifest | undefined> {
  try {
    return await findImage(await openRegistry(registry), key)
  } catch (error) {
    notes.push(`the build cache cannot be read: ${shortly(error)}`)
    return undefined
  }
}

/** The tags are set in the registry: no layer is moved, and the digest stays what it is. */
function inRegistry(image: Manifest, registry: Registry): Image {
  return {
    notes: ["the registry has the image of this source: nothing was built"],
    async retag(tags) {
      try {
        const api = await openRegistry(registry)
        await Promise.all(tags.map((tag) => api.tag(image, tag)))
      } catch (error) {
        throw explainPush(error, registry.repository)
      }
      return image.digest
    },
    save: async () => [],
  }
}

function fresh(
  built: BuiltImage,
  cache: StageCache,
  registry: Registry,
  { labels }: Wanted,
  key?: string,
): Image {
  // What later builds begin from must not bring this one's labels along.
  const isPlain = labels.labels.size + labels.annotations.size === 0
  return {
    images: withLabels(built.images, labels),
    notes: built.notes,
    async save(digest) {
      const pushed = isPlain && cache.to?.repository === registry.repository ? digest : undefined
      const [marked, saved] = await Promise.all([
        mark(registry, key, digest),
        saveStages(built, cache, pushed),
      ])
      return [...marked, ...saved]
    },
  }
}

async function mark(registry: Registry, key: string | undefined, digest: string): Promise<string[]> {
  if (key === undefined) return []
  try {
    await markImage(await openRegistry(registry), key, digest)
    return []
  } catch (error) {
    return [`the image cannot be noted in the build cache: ${shortly(error)}`]
  }
}
