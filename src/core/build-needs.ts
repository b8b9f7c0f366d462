import type { BuildGraph, StageNode } from "./build-graph.ts"

/** Stages that the target needs, the target among them. */
export function neededStages(graph: BuildGraph): Set<number> {
  const needed = new Set<number>()
  const visit = (index: number): void => {
    if (needed.has(index)) return
    needed.add(index)
    const { base, steps } = graph.stages[index] as StageNode
    if (base.kind === "stage") visit(base.index)
    for (const { inputs } of steps) for (const input of inputs) if (input.kind === "stage") visit(input.index)
  }
  visit(graph.target)
  return needed
}

/** What must be known of the world outside before keys can be made. */
export interface Questions {
  /** Images whose digests are needed: bases, and those that files are copied from. */
  images: string[]
  /** Parts of the context, each as the list of its paths. */
  selections: (readonly string[])[]
}

export function questions(graph: BuildGraph): Questions {
  const indexes = neededStages(graph)
  const needed = graph.stages.filter(({ index }) => indexes.has(index))
  const bases = needed.flatMap(({ base }) => (base.kind === "image" ? [base.name] : []))
  const inputs = needed.flatMap(({ steps }) => steps).flatMap((step) => step.inputs)
  const copied = inputs.flatMap((input) => (input.kind === "image" ? [input.name] : []))
  const selections = inputs.flatMap((input) => (input.kind === "context" ? [input.paths] : []))
  return {
    images: [...new Set([...bases, ...copied])],
    selections: [...new Map(selections.map((paths) => [selectionId(paths), paths])).values()],
  }
}

export const selectionId = (paths: readonly string[]): string => JSON.stringify(paths)
