import { type Container, dag, type Platform } from "@dagger.io/dagger"
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
import { familiarName, parseReference, sameRegistry } from "./core/reference.ts"
import { authorized, type Registry } from "./publish.ts"
import { type Manifest, RegistryApi, RegistryError } from "./registry-api.ts"

const opened = new WeakMap<Registry, Map<string, Promise<RegistryApi>>>()

/** The registry's HTTP API for a repository; one login for all that a call asks. */
export function openRegistry(registry: Registry, actions = "pull,push"): Promise<RegistryApi> {
  const known = opened.get(registry) ?? new Map<string, Promise<RegistryApi>>()
  const api = known.get(actions) ?? open(registry, actions)
  opened.set(registry, known.set(actions, api))
  return api
}

/**
 * A service that stands for the registry is asked by its own name; like a registry on this
 * machine, and one that is asked without a login, it may be without encryption.
 */
async function open(registry: Registry, actions: string): Promise<RegistryApi> {
  const { registry: host, path } = parseReference(registry.repository)
  const password = await registry.token?.plaintext()
  const local = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host)
  return RegistryApi.open(
    {
      host: registry.service === undefined ? host : await serviceHost(registry, host),
      path,
      plain: registry.service !== undefined || local || password === undefined,
      ...(registry.user === undefined ? {} : { user: registry.user }),
      ...(password === undefined ? {} : { password }),
    },
    actions,
  )
}

async function serviceHost({ service }: Registry, host: string): Promise<string> {
  const started = await service?.start()
  const port = /:(\d+)$/.exec(host)?.[0] ?? ""
  return `${await started?.hostname()}${port}`
}

/** A registry for another repository: the login and the service are for the same registry only. */
export function registryFor(repository: string, like: Registry | undefined): Registry {
  const name = familiarName(parseReference(repository))
  return like !== undefined && sameRegistry(name, like.repository)
    ? { ...like, repository: name }
    : { repository: name }
}

/** An image, with the login and the service that there may be for its registry. */
export function imageOf(reference: string, platform: string, registry?: Registry): Container {
  const container = dag.container({ platform: platform as Platform })
  if (registry === undefined) return container.from(reference)
  const { service } = registry
  return authorized(container, registry).from(
    reference,
    service === undefined ? {} : { registryService: service },
  )
}

/** Whether an image comes from the same registry as another, so that its login and service are right for it. */
export const isIn = (image: string, registry: Registry): boolean => sameRegistry(image, registry.repository)

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
  const image = await api.manifest(digest)
  if (image === undefined) throw new RegistryError(`the registry does not have ${digest}`)
  const { mediaType, body } = image
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
    registry.service === undefined ? {} : { registryService: registry.service },
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
