// npm run bench:load: what a call of the module costs before it does anything, beside the same for an empty module, which is
// the SDK's template with the same runtime.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { execa } from "execa"
import { median, print, type Row, runs, seconds } from "./figures.ts"
import { onColdEngine, prepareMachine } from "./support/machine.ts"

const module = fileURLToPath(new URL("..", import.meta.url))
const rows: Row[] = []

async function dagger(
  folder: string,
  args: readonly string[],
  wanted = 0,
  env: Record<string, string> = {},
): Promise<number> {
  const began = performance.now()
  const options = { cwd: folder, env, stdin: "ignore", reject: false } as const
  const { exitCode, stderr } = await execa("dagger", args, options)
  if (exitCode !== wanted) throw new Error(`dagger ${args.join(" ")}: exit code ${exitCode}: ${stderr}`)
  return performance.now() - began
}

async function emptyModule(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "seamless-empty-"))
  await execa("git", ["init", "-q", "."], { cwd: folder })
  await dagger(folder, ["init", "--sdk=typescript", "--source=.", "--name=empty"])
  await execa("npm", ["pkg", "set", "dagger.runtime=bun"], { cwd: folder })
  return folder
}

/** What the engine loads of this module, in a folder of its own, so that a file can be changed. */
async function copyOfModule(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "seamless-load-"))
  await execa("git", ["init", "-q", "."], { cwd: folder })
  for (const name of ["dagger.json", "package.json", "package-lock.json", "tsconfig.json", "src"])
    await cp(join(module, name), join(folder, name), { recursive: true })
  return folder
}

/** Both in turn, so that what else the machine does falls on both. */
async function compare(
  what: string,
  own: () => Promise<number>,
  empty: () => Promise<number>,
  { aim = "", times = runs } = {},
) {
  const pairs: [own: number, empty: number][] = []
  for (let run = 0; run < times; run++) pairs.push([await own(), await empty()])
  const [ours, theirs] = [median(pairs.map(([ms]) => ms)), median(pairs.map(([, ms]) => ms))]
  rows.push([what, `${seconds(ours)}, an empty one ${seconds(theirs)}, + ${seconds(ours - theirs)}`, aim])
}

/** A call that ends at its first check, so that what remains is the call itself. */
async function calls(folder: string): Promise<void> {
  const nowhere = ["--host=no-user", `--known-hosts=${join(folder, "package.json")}`]
  const project = [...nowhere, "--project-dir=app"]
  const source = `--source=${join(folder, "src", "agent")}`
  const refused: Record<string, string[]> = {
    "smoke-test": [source],
    publish: [source, "--repository=registry.test/app"],
    plan: [...nowhere, "--repository=registry.test/app", source],
    deploy: [...nowhere, "--repository=registry.test/app", source],
    status: project,
    history: project,
    logs: project,
    follow: project,
    recover: project,
    lock: [...project, "--reason=none"],
    unlock: project,
    rollback: project,
  }
  for (const [name, args] of Object.entries(refused)) {
    const times: number[] = []
    for (let run = 0; run < runs; run++) times.push(await dagger(folder, ["call", name, ...args], 1))
    rows.push([`dagger call ${name}, until it refuses its arguments`, seconds(median(times)), ""])
  }
}

/** On engines with an empty state, started for this: as on a fresh runner, once the engine is there. */
async function coldLoad(own: string, empty: string): Promise<void> {
  const machine = await prepareMachine()
  const load = (folder: string) => onColdEngine(machine, ({ env }) => dagger(folder, ["functions"], 0, env))
  try {
    await compare(
      "loading the module, cold engine",
      () => load(own),
      () => load(empty),
      { times: Math.min(runs, 3) },
    )
  } finally {
    await machine.stop()
  }
}

const empty = await emptyModule()
const own = await copyOfModule()
let edits = 0
/** A file that is new each time makes the module another one; what does not depend on it stays cached. */
const edited = async (folder: string) => {
  await writeFile(join(folder, "src", "edited.ts"), `// ${edits++} ${process.pid}\n`)
  return dagger(folder, ["functions"])
}
try {
  await coldLoad(own, empty)
  await compare(
    "loading the module after a change of it",
    () => edited(own),
    () => edited(empty),
  )
  await compare(
    "loading the module, warm",
    () => dagger(own, ["functions"]),
    () => dagger(empty, ["functions"]),
    { aim: "empty + 1 s" },
  )
  await compare(
    "a call of a function that does nothing",
    () =>
      dagger(own, ["call", "status", "--host=no-user", "--known-hosts=package.json", "--project-dir=app"], 1),
    // Another text each time: the engine remembers what a function returned.
    () => dagger(empty, ["call", "echo", `--text=${performance.now()}`]),
  )
  await calls(own)
} finally {
  await Promise.all([own, empty].map((folder) => rm(folder, { recursive: true })))
}
print(`median of ${runs}`, rows)
