import { createHash } from "node:crypto"
import { type Container, dag } from "@dagger.io/dagger"
import type { CheckedBuild } from "./build.ts"
import { type BuildContext, digestSelections, readContext } from "./build-context.ts"
import { imageOf, isIn } from "./cache-store.ts"
import { keyStages } from "./core/build-cache-key.ts"
import { questions, readGraph, UncacheableDockerfile } from "./core/build-graph.ts"
import { imageKey, type Keyed } from "./core/cached-dockerfile.ts"
import type { Dockerfile } from "./core/dockerfile.ts"
import { parseReference } from "./core/reference.ts"
import { cutStages } from "./core/stage-cuts.ts"
import { readDockerfile, UnreadableDockerfile } from "./dockerfile.ts"
import type { Registry } from "./publish.ts"

/** A build whose parts have keys. */
export interface KeyedBuild {
  context: BuildContext
  /** In the order of the build's platforms. */
  platforms: { platform: string; keyed: Keyed }[]
  /** Key of the finished image, when all that it is made of has one. */
  key?: string
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex")

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
    return { context, platforms, ...(keys.includes(undefined) ? {} : { key: hash(JSON.stringify(keys)) }) }
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
  const [found, selections] = await Promise.all([
    Promise.all(asked.images.map((name) => readImage(name, platform, registry))),
    digestSelections(context.directory, asked.selections),
  ])
  const known = found.filter((image) => image !== undefined)
  const images = new Map(known.map(({ name, digest }) => [name, digest]))
  const triggering = new Set(known.filter(({ triggers }) => triggers).map(({ name }) => name))
  const surroundings = [platform, own, version]
  const keys = keyStages(graph, { images, triggering, selections, surroundings }, hash)
  return { platform, keyed: { graph, keys, cuts: cutStages(graph), images } }
}

interface FoundImage {
  name: string
  digest: string
  /** It has ONBUILD instructions. */
  triggers: boolean
}

/**
 * An image that the Dockerfile names, without its layers. One that cannot be resolved is not cached; the build will say why.
 */
async function readImage(
  name: string,
  platform: string,
  registry: Registry | undefined,
): Promise<FoundImage | undefined> {
  try {
    const own = registry !== undefined && isIn(name, registry)
    const image = imageOf(own ? registry : { repository: name }, name, platform)
    const { digest } = parseReference(await image.imageRef())
    if (digest === undefined) return undefined
    // A service stands for the registry only here: the build itself would look for the registry's own name.
    if (own && registry.service !== undefined) await image.sync()
    return { name, digest, triggers: await hasTriggers(image) }
  } catch {
    return undefined
  }
}

/** The engine does not show ONBUILD, but writes it into an archive; without the files that is a small one, all of it text. */
async function hasTriggers(image: Container): Promise<boolean> {
  const archive = await image.withRootfs(dag.directory()).asTarball().contents()
  return /"OnBuild":\["/.test(archive)
}
