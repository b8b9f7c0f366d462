import { readFileSync } from "node:fs"
import { agentProgram } from "../../src/agent/program.ts"
import type { Verb } from "../../src/core/step.ts"
import { stepsIn, type World, worlds } from "./worlds.ts"

export const faults = [
  "client killed",
  "link cut",
  "agent killed in it",
  "agent killed after it",
  "dockerd restarted",
  "proxy killed",
  "new killed",
  "old killed",
  "disk full",
] as const
export type Fault = (typeof faults)[number] | "host rebooted"

/** What is disturbed: a step of a deploy, or the undoing of it in a deploy that fails at the last moment. */
export interface Row {
  world: World
  verb: Verb
  undo: boolean
}

export const rowName = ({ world, verb, undo }: Row) =>
  `${undo ? "undo " : ""}${verb}${world.name === "deploy" ? "" : ` (${world.name})`}`

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

/** Every verb that there is, as the type names them. */
const allVerbs = () =>
  [...read("src/core/step.ts").matchAll(/^ {2}\| "(\w+)"$/gm)].map(([, verb]) => verb as Verb)

/** The verbs for which the agent has an undo. */
const undoable = () => new Set([...agentProgram().matchAll(/^undo_(\w+)\(\)/gm)].map(([, verb]) => verb))

/** Steps that do something else in a world than in the worlds before it. */
const different: Partial<Record<World["name"], Verb[]>> = {
  adoption: ["proxy"],
  first: ["proxy", "commit"],
}

/** Every step and every undo, in the first world that has it; some again where they do something else. */
export function allRows(): Row[] {
  const canUndo = undoable()
  const known = new Set<string>()
  return worlds.flatMap((world) => {
    const verbs = [...new Set(stepsIn(world).map(({ verb }) => verb))]
    const rows = [
      ...verbs.map((verb) => ({ world, verb, undo: false })),
      ...verbs.filter((verb) => canUndo.has(verb)).map((verb) => ({ world, verb, undo: true })),
    ]
    const wanted = rows.filter(
      ({ verb, undo }) => !known.has(`${verb} ${undo}`) || different[world.name]?.includes(verb),
    )
    for (const { verb, undo } of rows) known.add(`${verb} ${undo}`)
    return wanted
  })
}

/** Verbs that occur in no world: nobody would know what a fault does to them. */
export const uncovered = (rows: readonly Row[]) =>
  allVerbs().filter((verb) => !rows.some((row) => row.verb === verb))

/** Whether there is anything to kill at that moment. */
export function applies(fault: Fault, { world, verb, undo }: Row): boolean {
  const verbs = stepsIn(world).map((step) => step.verb)
  const from = (first: Verb) => verbs.indexOf(verb) > verbs.indexOf(first) || (undo && verb === first)
  switch (fault) {
    case "new killed":
      return from("start")
    case "old killed":
      if (world.name === "first" || from("stop_old")) return false
      return !(world.name === "adoption" && from("release_ports"))
    case "proxy killed":
      return !world.gap || from("proxy")
    default:
      return true
  }
}

/** Which version answers when the agent stands before that step. */
function serving({ world, verb, undo }: Row): "old" | "new" {
  const verbs = stepsIn(world).map((step) => step.verb)
  const behind = verbs.indexOf(verb) - verbs.indexOf("switch")
  return behind > 0 || (undo && behind === 0) ? "new" : "old"
}

/** Whether the fault itself stops the process that answers, so that requests may be lost. */
export function mayLose(fault: Fault, row: Row): boolean {
  if (row.world.gap) return true
  if (fault === "new killed") return serving(row) === "new"
  if (fault === "old killed") return serving(row) === "old"
  return fault === "dockerd restarted" || fault === "proxy killed" || fault === "host rebooted"
}

/**
 * The short slice (FAULTS=slice): every fault at the switch and at the commit, and one fault at each other place, another one each
 * time.
 */
export function inSlice(fault: Fault, row: Row, rows: readonly Row[]): boolean {
  if (row.world.name === "deploy" && !row.undo && ["switch", "commit"].includes(row.verb)) return true
  const possible = faults.filter((each) => applies(each, row))
  return possible[rows.indexOf(row) % possible.length] === fault
}

/** The host reboots before the switch, between switch and commit, after the commit, and in the gap of an adoption. */
const rebooted: Partial<Record<World["name"], Verb[]>> = {
  deploy: ["switch", "commit", "retire"],
  adoption: ["proxy", "hold_ports"],
}

export const rebootRows = (rows: readonly Row[]) =>
  rows.filter(({ world, verb, undo }) => !undo && rebooted[world.name]?.includes(verb))
