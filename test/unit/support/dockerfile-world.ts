import { createHash } from "node:crypto"
import { type GraphOptions, readGraph } from "../../../src/core/build-graph.ts"
import { questions, selectionId } from "../../../src/core/build-needs.ts"
import { type Keyed, keyDockerfile } from "../../../src/core/cached-dockerfile.ts"
import { readDockerfile } from "../../../src/dockerfile.ts"

/** The world of a build: whatever is not said is as in the simplest one. */
export interface World {
  /** Contents of the context by path. */
  files?: Record<string, string>
  args?: Record<string, string>
  /** Digests of images by name; every other image has the digest of its name. */
  images?: Record<string, string>
  triggering?: string[]
  target?: string
  platform?: string
  exclude?: string[]
}

export const digest = (text: string) => createHash("sha256").update(text).digest("hex")

/** The files that a selection means: of a path itself, of all below it, and by `*` in a last name. */
function selected(files: Record<string, string>, paths: readonly string[]): [string, string][] {
  const patterns = paths.map(
    (path) => new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", "[^/]*")}(/|$)`),
  )
  return Object.entries(files)
    .filter(([path]) => paths.includes(".") || patterns.some((pattern) => pattern.test(path)))
    .sort()
}

/** Keys of a Dockerfile in a world. */
export async function keyed(text: string, world: World = {}): Promise<Keyed> {
  const { files = {}, args = {}, images = {}, triggering = [], platform = "linux/amd64" } = world
  const options: GraphOptions = {
    args: new Map(Object.entries(args)),
    platform,
    buildPlatform: "linux/amd64",
    exclude: world.exclude ?? [],
    ...(world.target === undefined ? {} : { target: world.target }),
  }
  const graph = readGraph(await readDockerfile(text), options)
  const asked = questions(graph)
  const known = new Map(asked.images.map((name) => [name, images[name] ?? `sha256:${digest(name)}`]))
  const selections = new Map(
    asked.selections.map((paths) => [selectionId(paths), digest(JSON.stringify(selected(files, paths)))]),
  )
  const findings = { images: known, triggering: new Set(triggering), selections, surroundings: [platform] }
  return keyDockerfile(graph, findings, digest)
}
