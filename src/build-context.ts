import { type Directory, FileType } from "@dagger.io/dagger"
import { selectionId } from "./core/build-needs.ts"
import { parseDockerignore } from "./core/dockerignore.ts"

/** The Dockerfile, and what it can copy from. */
export interface BuildContext {
  text: string
  /** The source without what its .dockerignore leaves out. */
  directory: Directory
}

/** Reads the Dockerfile and applies the .dockerignore as Docker does: one named after the Dockerfile goes first. */
export async function readContext(source: Directory, dockerfile: string): Promise<BuildContext> {
  const names = [`${dockerfile}.dockerignore`, ".dockerignore"]
  const ignores = await Promise.all(names.map((name) => source.exists(name)))
  const present = names.filter((_, index) => ignores[index])
  const [text = "", ...contents] = await Promise.all(
    [dockerfile, ...present].map((name) => source.file(name).contents()),
  )
  // An empty one counts as none.
  const exclude = parseDockerignore(contents.find((content) => content !== "") ?? "")
  return { text, directory: exclude.length === 0 ? source : source.filter({ exclude }) }
}

/**
 * Digests of parts of the context: of paths, contents, modes and the targets of links, not of times and owners. The engine's own
 * digest: it is the same on each engine of one version.
 */
export async function digestSelections(
  context: Directory,
  selections: readonly (readonly string[])[],
): Promise<Map<string, string>> {
  let whole: Promise<string> | undefined
  const all = () => {
    whole ??= context.digest()
    return whole
  }
  const digests = selections.map(async (paths): Promise<[string, string]> => {
    const digest = (await isPlain(context, paths)) ? digestOf(context, paths) : all()
    return [selectionId(paths), await digest]
  })
  return new Map(await Promise.all(digests))
}

const digestOf = (context: Directory, paths: readonly string[]) =>
  context.filter({ include: [...paths] }).digest()

/** More than this many files by one wildcard are not looked at one by one. */
const many = 50

/**
 * Whether the paths alone say what is copied. A link is followed when it is named, and what it leads to lies elsewhere: then the
 * whole context counts. So it does for what is not found.
 */
async function isPlain(context: Directory, paths: readonly string[]): Promise<boolean> {
  if (paths.includes(".")) return false
  const selected = context.filter({ include: [...paths] })
  const found = await Promise.all(
    paths.map((path) => (/[*?]/.test(path) ? selected.glob(path) : Promise.resolve([path]))),
  )
  const named = found.flat()
  if (found.some((matches) => matches.length === 0) || named.length > many) return false
  const types = await Promise.all(
    named.map((path) =>
      selected
        .stat(path, { doNotFollowSymlinks: true })
        .fileType()
        .catch(() => undefined),
    ),
  )
  return types.every((type) => type === FileType.Regular || type === FileType.Directory)
}
