import type { BuildGraph, StageNode, Step } from "./build-graph.ts"

/** An image by its digest, so that what is built is what the key was made of. */
export function pinned(name: string, images: ReadonlyMap<string, string>): string {
  const digest = images.get(name)
  return digest === undefined || name.includes("@") ? name : `${name}@${digest}`
}

/**
 * An instruction's text with the stages that it copies from by name, since their numbers may have changed, and with images by digest.
 * Only in its flags: a command may have a `--from=0` of its own.
 */
export function pinSources(
  { instruction: { text }, inputs }: Step,
  graph: BuildGraph,
  images: ReadonlyMap<string, string>,
): string {
  const names = new Map<string, string>()
  for (const input of inputs) {
    if (input.kind === "stage") names.set(String(input.index), (graph.stages[input.index] as StageNode).name)
    if (input.kind === "image") names.set(input.name, pinned(input.name, images))
  }
  if (names.size === 0) return text
  const flags = /^\s*\w+(?:(?:\s|[\\`]\r?\n)+--\S+)*/.exec(text)?.[0] ?? ""
  const written = flags.replace(/((?:--|[=,])from=)([^\s,]+)/g, (all, before: string, from: string) => {
    const name = names.get(from)
    return name === undefined ? all : `${before}${name}`
  })
  return written + text.slice(flags.length)
}
