import type { BuildGraph, StageNode, Step } from "./build-graph.ts"
import type { Instruction } from "./dockerfile.ts"
import { referencedNames } from "./dockerfile.ts"

/** An ARG that is in force, as a line that puts it in force again. */
interface ArgLine {
  names: readonly string[]
  references: readonly string[]
  text: string
}

/** A place in a stage where it can be cut in two without a difference in the result. */
export interface Cut {
  /** Number of the stage's steps before it. */
  after: number
  /** What to repeat behind it: an image keeps ENV, but not ARG. */
  args: readonly string[]
}

export interface StageCuts {
  cuts: readonly Cut[]
  /** ARGs in force at its begin, from the stage that it is built on. */
  inherited: readonly string[]
}

interface Scope {
  inherited: readonly ArgLine[]
  own: readonly ArgLine[]
  /** A line said again would mean something else by now. */
  stale: boolean
}

const isWork = ({ instruction }: Step) => ["RUN", "COPY", "ADD"].includes(instruction.keyword)

const copiesContext = (step: Step | undefined) => step?.inputs.some(({ kind }) => kind === "context") === true

/**
 * Where the stages are cut: behind each RUN, before files of the context come in, since those change most often, and at the end of
 * each stage; only where something was done since the last cut.
 */
export function cutStages({ stages, target }: BuildGraph): StageCuts[] {
  const ends: Scope[] = []
  return stages.map((node) => {
    const base = node.base.kind === "stage" ? ends[node.base.index] : undefined
    const begin: Scope = {
      inherited: [...(base?.inherited ?? []), ...(base?.own ?? [])],
      own: [],
      stale: base?.stale ?? false,
    }
    const { cuts, end } = cutStage(node, begin, node.index === target)
    ends.push(end)
    return { cuts, inherited: begin.inherited.map(({ text }) => text) }
  })
}

function cutStage({ steps }: StageNode, begin: Scope, isTarget: boolean): { cuts: Cut[]; end: Scope } {
  const cuts: Cut[] = []
  let scope = begin
  let worked = false
  steps.forEach((step, index) => {
    scope = enter(scope, step.instruction)
    worked ||= isWork(step)
    const after = index + 1
    const isEnd = after === steps.length
    const wanted = worked && (isEnd || step.instruction.keyword === "RUN" || copiesContext(steps[after]))
    if (!(wanted || (isEnd && isTarget)) || scope.stale || !keepsMeaning(steps, after)) return
    cuts.push({ after, args: scope.own.map(({ text }) => text) })
    worked = false
  })
  return { cuts, end: scope }
}

/**
 * Two things do not survive a FROM: an ONBUILD would be carried out by it, and an ENTRYPOINT clears a CMD unless that stands in the
 * same stage.
 */
function keepsMeaning(steps: readonly Step[], after: number): boolean {
  const keywords = steps.map(({ instruction }) => instruction.keyword)
  const before = keywords.slice(0, after)
  if (before.includes("ONBUILD")) return false
  return !(before.includes("CMD") && keywords.slice(after).includes("ENTRYPOINT"))
}

/**
 * The ARGs in force behind an instruction. An ENV of the same name takes an ARG's place and is kept by the image; one that an ARG's
 * default value refers to would give it another value when it is said again.
 */
function enter(scope: Scope, { keyword, sets, text }: Instruction): Scope {
  const names = sets.map(({ name }) => name)
  if (keyword === "ARG")
    return { ...scope, own: [...scope.own, { names, references: referencedNames(text), text }] }
  if (keyword !== "ENV") return scope
  const isSet = (name: string) => names.includes(name)
  const own = scope.own.filter((line) => !line.names.some(isSet))
  const dropped = scope.own.filter((line) => line.names.some(isSet))
  return {
    ...scope,
    own,
    stale:
      scope.stale ||
      [...own, ...scope.inherited].some(({ references }) => references.some(isSet)) ||
      dropped.some((line) => !line.names.every(isSet)),
  }
}
