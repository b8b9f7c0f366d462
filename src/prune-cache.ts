import { InputError } from "./core/errors.ts"
import { explainPull, message } from "./core/image-error.ts"
import { type CacheEntry, planPrune, renderPrune, type TaggedManifest } from "./core/prune-cache.ts"
import { openRegistry, type Registry } from "./registry.ts"
import { type RegistryApi, RegistryError } from "./registry-api.ts"
import { atOnce } from "./retry.ts"

/** Deletes the old images of a repository's build cache. */
export async function pruneCache(registry: Registry, keep: number, dryRun: boolean): Promise<string> {
  const [api, manifests] = await readAll(registry)
  const entries = planPrune(manifests, keep)
  if (!dryRun) await deleteOld(api, registry, entries)
  return renderPrune(entries, dryRun)
}

async function readAll(registry: Registry): Promise<[RegistryApi, TaggedManifest[]]> {
  try {
    const api = await openRegistry(registry, "pull,push,delete")
    const manifests = await atOnce(await api.tags(), together, async (tag): Promise<TaggedManifest[]> => {
      const manifest = await api.manifest(tag)
      if (manifest === undefined) return []
      return [{ tag, digest: manifest.digest, text: new TextDecoder().decode(manifest.body) }]
    })
    return [api, manifests.flat()]
  } catch (error) {
    throw explainPull(error, registry.repository)
  }
}

/** A registry with thousands of tags is not asked for all of them at once. */
const together = 16

async function deleteOld(
  api: RegistryApi,
  { repository }: Registry,
  entries: readonly CacheEntry[],
): Promise<void> {
  let deleted = 0
  try {
    for (const { digest } of entries.filter(({ fate }) => fate === "old")) {
      await api.delete(digest)
      deleted++
    }
  } catch (error) {
    throw explain(error, repository, deleted)
  }
}

function explain(error: unknown, repository: string, deleted: number): InputError {
  const so = `${deleted} images of the build cache were deleted before`
  const status = error instanceof RegistryError ? error.status : undefined
  if (status === 401 || status === 403)
    return new InputError(
      "registryToken",
      `the registry refuses to delete in ${repository}; ${so}`,
      "check --registry-user and --registry-token, and that the user may delete there",
    )
  if (status === 405 || status === 400 || status === 501)
    return new InputError(
      "repository",
      `the registry of ${repository} does not allow to delete; ${so}`,
      "allow it in the registry's settings, or have the registry itself expire the tags that begin with buildcache-",
    )
  return new InputError("repository", `${message(error)}; ${so}`, "call it again: what is deleted stays so")
}
