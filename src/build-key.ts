import { dag } from "@dagger.io/dagger"
import { resolveImages } from "./base-image.ts"
import type { CheckedBuild } from "./build.ts"
import { type BuildContext, digestSelections, readContext } from "./build-context.ts"
import { readGraph, UncacheableDockerfile } from "./core/build-graph.ts"
import { questions } from "./core/build-needs.ts"
import { imageKey, type Keyed, keyDockerfile } from "./core/cached-dockerfile.ts"
import type { Dockerfile } from "./core/dockerfile.ts"
import { readDockerfile, UnreadableDockerfile } from "./dockerfile.ts"
import type { Registry } from "./registry.ts"
import { sha256 } from "./sha256.ts"

/** A build whose parts have keys. */
export interface KeyedBuild {
  context: BuildContext
  /** In the order of the build's platforms. */
  platforms: { platform: string; keyed: Keyed }[]
  /** Images that come from the same registry are asked for with its login. */
  registry?: Registry
  /** Key of the finished image, when all that it is made of has one. */
  key?: string
}

/**
 * Makes the keys of a build.
 *
 * @param registry Images that come from the same registry are asked for with its login.
 * @returns The keys, or why there are none: then the build is one without cache.
 */
export async function keyBuild(
  build: CheckedBuild,
  exclude: readonly string[],
  registry: Registry | undefined,
): Promise<KeyedBuild | string> {
  const [context, own, version] = await Promise.all([
    readContext(build.source, build.dockerfile),
    dag.defaultPlatform(),
    dag.version(),
  ])
  try {
    const dockerfile = await readDockerfile(context.text)
    const platforms = await Promise.all(
      build.platforms.map((platform = own) => {
        const facts = { platform, own, version, exclude, registry }
        return keyPlatform(build, dockerfile, context, facts)
      }),
    )
    const keys = platforms.map(({ keyed }) => imageKey(keyed))
    return {
      context,
      platforms,
      ...(registry === undefined ? {} : { registry }),
      ...(keys.includes(undefined) ? {} : { key: sha256(JSON.stringify(keys)) }),
    }
  } catch (error) {
    if (error instanceof UnreadableDockerfile || error instanceof UncacheableDockerfile) return error.message
    throw error
  }
}

interface Facts {
  platform: string
  /** The engine's own platform. */
  own: string
  /** The engine's version: its digests of files may change with it. */
  version: string
  exclude: readonly string[]
  registry: Registry | undefined
}

async function keyPlatform(
  build: CheckedBuild,
  dockerfile: Dockerfile,
  context: BuildContext,
  { platform, own, version, exclude, registry }: Facts,
): Promise<{ platform: string; keyed: Keyed }> {
  const graph = readGraph(dockerfile, {
    ...(build.target === undefined ? {} : { target: build.target }),
    args: new Map(build.buildArgs.map(({ name, value }) => [name, value])),
    platform,
    buildPlatform: own,
    exclude,
  })
  const asked = questions(graph)
  const [images, selections] = await Promise.all([
    resolveImages(asked.images, { platform, ...(registry === undefined ? {} : { registry }) }),
    digestSelections(context.directory, asked.selections),
  ])
  const surroundings = [platform, own, version]
  const findings = { images, triggering: new Set<string>(), selections, surroundings }
  return { platform, keyed: keyDockerfile(graph, findings, sha256) }
}

/** The same keys, now that it is known which base images have ONBUILD: what is built on them has none. */
export function rekey({ graph, findings }: Keyed, triggering: ReadonlySet<string>): Keyed {
  return keyDockerfile(graph, { ...findings, triggering }, sha256)
}
