/** What the cache's tags begin with, so that they can be told from an app's own. */
const prefix = "buildcache-"

/** Annotations of the cache's manifests: the key, by which a tag that somebody moved is noticed, and the time, for pruning. */
export const annotations = {
  key: "io.seamless.build-cache.key",
  created: "org.opencontainers.image.created",
} as const

/** The tag of a stage's image up to a point. */
export const stageTag = (key: string): string => `${prefix}${key.slice(0, 40)}`

/** The tag that says which image was built from the same input. */
export const imageTag = (key: string): string => `${prefix}image-${key.slice(0, 40)}`

export const isCacheTag = (tag: string): boolean => /^buildcache-(image-)?[0-9a-f]{40}$/.test(tag)

/** What of a manifest counts here. */
interface ManifestFields {
  annotations?: Record<string, string>
  /** Of an index: the images, or whatever else, that it holds. */
  manifests?: { digest?: string; platform?: { os?: string; architecture?: string; variant?: string } }[]
  config?: { digest?: string }
  layers?: { digest?: string }[]
}

/** A manifest of the cache, when it is one for this key. */
export function readManifest(text: string, key: string): ManifestFields | undefined {
  const fields = parseManifest(text)
  return fields?.annotations?.[annotations.key] === key ? fields : undefined
}

export function parseManifest(text: string): ManifestFields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Digests of what an image is made of: manifests for an index, blobs for the image of one platform. */
export function contents(text: string): { manifests: string[]; blobs: string[] } {
  const { manifests = [], config, layers = [] } = parseManifest(text) ?? {}
  const digests = (parts: readonly { digest?: string }[]) => parts.flatMap(({ digest }) => digest ?? [])
  return {
    manifests: digests(manifests),
    blobs: digests(config === undefined ? layers : [config, ...layers]),
  }
}

/** Of an index the image for a platform; nothing when the manifest is an image itself. */
export function platformDigest(text: string, platform: string): string | undefined {
  const [os, architecture, variant] = platform.split("/")
  return parseManifest(text)?.manifests?.find(
    ({ platform: its }) =>
      its?.os === os && its?.architecture === architecture && (variant ?? its?.variant) === its?.variant,
  )?.digest
}

/** A manifest with what makes it one of the cache. */
export function withKey(text: string, key: string, created: string): string {
  const fields = parseManifest(text)
  return JSON.stringify({
    ...fields,
    annotations: { ...fields?.annotations, ...cacheAnnotations(key, created) },
  })
}

const cacheAnnotations = (key: string, created: string) => ({
  [annotations.key]: key,
  [annotations.created]: created,
})

/** The image that a marker names. */
export function markedDigest(text: string, key: string): string | undefined {
  const [only, ...more] = readManifest(text, key)?.manifests ?? []
  return more.length === 0 && /^sha256:[0-9a-f]{64}$/.test(only?.digest ?? "") ? only?.digest : undefined
}

export const markerType = "application/vnd.oci.image.index.v1+json"

export interface ImageDescriptor {
  mediaType: string
  digest: string
  size: number
}

/**
 * The manifest that names the image built from an input. A tag of the image itself would do, but could neither carry the key, nor
 * its age, nor be deleted without the image's other tags.
 */
export function marker(key: string, image: ImageDescriptor, created: string): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: markerType,
    manifests: [image],
    annotations: cacheAnnotations(key, created),
  })
}
