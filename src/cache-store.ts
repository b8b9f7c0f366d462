import type { Container } from "@dagger.io/dagger"
import {
  annotations,
  contents,
  imageTag,
  markedDigest,
  marker,
  markerType,
  platformDigest,
  readManifest,
  stageTag,
  withKey,
} from "./core/build-cache-tag.ts"
import { authorized, type Registry, viaService } from "./registry.ts"
import { type Manifest, type RegistryApi, RegistryError } from "./registry-api.ts"

/** References of the cached images that are there, by key. A tag with something else behind it is passed over. */
export async function findStages(
  api: RegistryApi,
  repository: string,
  keys: readonly string[],
): Promise<Map<string, string>> {
  const found = await Promise.all(
    keys.map(async (key): Promise<[string, string][]> => {
      const manifest = await api.manifest(stageTag(key))
      if (manifest === undefined || readManifest(text(manifest), key) === undefined) return []
      return [[key, `${repository}@${manifest.digest}`]]
    }),
  )
  return new Map(found.flat())
}

/** The image that was built from this input, when the registry has all of it. */
export async function findImage(api: RegistryApi, key: string): Promise<Manifest | undefined> {
  const marker = await api.manifest(imageTag(key))
  const digest = marker && markedDigest(text(marker), key)
  const image = digest && (await api.manifest(digest))
  return image && (await isComplete(api, image)) ? image : undefined
}

async function isComplete(api: RegistryApi, image: Manifest): Promise<boolean> {
  const { manifests, blobs } = contents(text(image))
  const parts = await Promise.all([
    ...blobs.map((digest) => api.hasBlob(digest)),
    ...manifests.map(async (digest) => {
      const part = await api.manifest(digest)
      return part !== undefined && isComplete(api, part)
    }),
  ])
  return parts.every((isThere) => isThere)
}

const text = ({ body }: Manifest) => new TextDecoder().decode(body)

/** Says in the registry that an image was built from this input. */
export async function markImage(api: RegistryApi, key: string, digest: string): Promise<void> {
  const { mediaType, body } = await api.existing(digest)
  const written = marker(key, { mediaType, digest, size: body.length }, new Date().toISOString())
  await api.tag({ body: new TextEncoder().encode(written), mediaType: markerType }, imageTag(key))
}

/** Puts what was built up to a point into the registry. */
export async function storeStage(registry: Registry, key: string, image: Container): Promise<void> {
  const annotated = image
    .withAnnotation(annotations.key, key)
    .withAnnotation(annotations.created, new Date().toISOString())
  await authorized(annotated, registry).publish(
    `${registry.repository}:${stageTag(key)}`,
    viaService(registry),
  )
}

/** The same for an image that is in the repository: its manifest once more, with the key. */
export async function tagStage(
  api: RegistryApi,
  key: string,
  digest: string,
  platform: string,
): Promise<void> {
  const image = await api.manifest(digest)
  const own = image && platformDigest(text(image), platform)
  const part = own === undefined ? image : await api.manifest(own)
  if (part === undefined) throw new RegistryError(`the registry does not have ${digest} for ${platform}`)
  const written = withKey(text(part), key, new Date().toISOString())
  await api.tag({ body: new TextEncoder().encode(written), mediaType: part.mediaType }, stageTag(key))
}

/** The first line of what went wrong with the cache, for a note. */
export function shortly(error: unknown): string {
  if (error instanceof RegistryError) return error.message
  const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n")
  return (lines.at(-1) ?? "").slice(0, 200)
}
