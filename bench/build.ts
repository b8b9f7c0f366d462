// npm run bench:build: how long it takes until an image is in the registry, beside what buildx needs for the same app on the same
// machine. RUNS is how often each is measured, 3 by default; the figures are medians. An engine is cold when its state is empty.
import { stripVTControlCharacters } from "node:util"
import { execa } from "execa"
import { median, runsOr, seconds } from "./figures.ts"
import { changeLine, changeLock, makeApp, tagNames } from "./support/app.ts"
import { startBuildx } from "./support/buildx.ts"
import { type ColdEngine, type Machine, onColdEngine, prepareMachine } from "./support/machine.ts"

const runs = runsOr(3)

/** `dagger call publish`, its smoke test with one answer included. */
async function publish(
  engine: ColdEngine,
  { registryPort }: Machine,
  app: string,
  options: { repository: string; tags?: number; args?: string[] },
): Promise<{ ms: number; pushes: number[] }> {
  const { repository, tags = 1, args = [] } = options
  const began = performance.now()
  const { stderr } = await execa(
    "dagger",
    [
      ...["--progress", "plain", "call", "publish", `--source=${app}`],
      `--repository=10.0.2.2:${registryPort}/${repository}`,
      ...[`--tags=${tagNames(tags).join(",")}`, "--health-path=/", "--health-count=1", ...args],
    ],
    { env: engine.env, stdin: "ignore" },
  )
  const ms = performance.now() - began
  const pushes = [
    ...stripVTControlCharacters(stderr).matchAll(/Container\S*\.publish.* DONE \[([0-9.]+)s\]/g),
  ]
  return { ms, pushes: pushes.map(([, time]) => Number(time) * 1000) }
}

/** Loads the module, and nothing else. */
const load = ({ env }: ColdEngine) =>
  execa("dagger", ["functions"], { env, stdin: "ignore", stdout: "ignore" })

async function onFreshBuildx(machine: Machine, app: string): Promise<number> {
  const buildx = await startBuildx(machine)
  try {
    return await buildx.build(app, "buildx")
  } finally {
    await buildx.stop()
  }
}

const cases: [name: string, change: (app: string) => Promise<void>][] = [
  ["cold engine, nothing changed", async () => {}],
  ["cold engine, one source line changed", changeLine],
  ["cold engine, lock file changed", changeLock],
]

const rows: string[][] = []
const head = [
  "case",
  "Seamless",
  "Seamless, module loaded before",
  "buildx with registry cache",
  "Dagger without our cache",
  "Seamless / buildx",
]

async function coldCases(machine: Machine, app: string): Promise<void> {
  const options = { repository: "seamless" }
  for (const [name, change] of cases) {
    const figures: Record<"whole" | "loaded" | "buildx" | "plain", number[]> = {
      whole: [],
      loaded: [],
      buildx: [],
      plain: [],
    }
    for (let run = 0; run < runs; run++) {
      await change(app)
      figures.whole.push((await onColdEngine(machine, (engine) => publish(engine, machine, app, options))).ms)
      figures.buildx.push(await onFreshBuildx(machine, app))
      const plain = { repository: "plain", args: ["--no-cache"] }
      figures.plain.push((await onColdEngine(machine, (engine) => publish(engine, machine, app, plain))).ms)
      await change(app)
      figures.loaded.push(
        (await onColdEngine(machine, (engine) => publish(engine, machine, app, options), load)).ms,
      )
      // So that each finds the same in its cache as the other.
      if (name !== cases[0]?.[0]) await onFreshBuildx(machine, app)
    }
    row(name, figures)
  }
}

function row(name: string, figures: Record<"whole" | "loaded" | "buildx" | "plain", number[]>): void {
  const [whole, loaded, buildx, plain] = [
    median(figures.whole),
    median(figures.loaded),
    median(figures.buildx),
    median(figures.plain),
  ]
  const ratio = `${(whole / buildx).toFixed(2)}, ${(loaded / buildx).toFixed(2)} loaded`
  rows.push([name, ...[whole, loaded, buildx, plain].map(seconds), ratio])
  console.error(`${name}: ${JSON.stringify(figures)}`)
}

async function warmCase(machine: Machine, app: string): Promise<void> {
  const buildx = await startBuildx(machine)
  const figures = { whole: [] as number[], buildx: [] as number[], plain: [] as number[] }
  try {
    await onColdEngine(machine, async (engine) => {
      await publish(engine, machine, app, { repository: "seamless" })
      await publish(engine, machine, app, { repository: "plain", args: ["--no-cache"] })
      await buildx.build(app, "buildx")
      for (let run = 0; run < runs; run++) {
        await changeLine(app)
        figures.whole.push((await publish(engine, machine, app, { repository: "seamless" })).ms)
        figures.buildx.push(await buildx.build(app, "buildx"))
        await changeLine(app)
        const plain = { repository: "plain", args: ["--no-cache"] }
        figures.plain.push((await publish(engine, machine, app, plain)).ms)
      }
    })
  } finally {
    await buildx.stop()
  }
  row("warm engine, one source line changed", { ...figures, loaded: figures.whole })
}

const tagCounts = [1, 2, 5, 20]
const tagRows: string[][] = []
const tagHead = ["tags", "Seamless", "each further", "of the first push", "buildx", "each further"]

/**
 * What tags cost after the first one: the difference to one tag, by the number of further ones. Each time the registry is empty, and
 * the builder has everything. What the first push takes is what the engine says of it.
 */
async function tagCases(machine: Machine, app: string): Promise<void> {
  const own = new Map(tagCounts.map((count) => [count, [] as number[]]))
  const buildx = new Map(tagCounts.map((count) => [count, [] as number[]]))
  const firstPushes: number[] = []
  const other = await startBuildx(machine)
  try {
    await onColdEngine(machine, async (engine) => {
      const options = { repository: "tags", args: ["--no-cache"] }
      await publish(engine, machine, app, options)
      await other.build(app, "tags")
      for (let run = 0; run < runs; run++) {
        for (const tags of tagCounts) {
          await machine.emptyRegistry()
          const { ms, pushes } = await publish(engine, machine, app, { ...options, tags })
          own.get(tags)?.push(ms)
          firstPushes.push(Math.max(...pushes))
          await machine.emptyRegistry()
          buildx.get(tags)?.push(await other.build(app, "tags", tags))
        }
      }
    })
  } finally {
    await other.stop()
  }
  console.error(`tags: ${JSON.stringify({ firstPushes, own: [...own], buildx: [...buildx] })}`)
  const firstPush = median(firstPushes)
  const whole = (times: Map<number, number[]>, count: number) => median(times.get(count) ?? [])
  const further = (times: Map<number, number[]>, count: number) =>
    (whole(times, count) - whole(times, 1)) / (count - 1)
  for (const count of tagCounts) {
    const [ours, theirs] = [own, buildx].map((times) => [
      seconds(whole(times, count)),
      count === 1 ? "" : seconds(further(times, count)),
    ]) as [string[], string[]]
    const share =
      count === 1 ? "" : `${((further(own, count) / firstPush) * 100).toFixed(1)} % of ${seconds(firstPush)}`
    tagRows.push([String(count), ...ours, share, ...theirs])
  }
}

const machine = await prepareMachine()
try {
  const app = await makeApp(machine.folder)
  console.error(`each ${runs} times`)
  // What is there from the builds before: the caches of both.
  const first = await onColdEngine(machine, (engine) =>
    publish(engine, machine, app, { repository: "seamless" }),
  )
  const firstBuildx = await onFreshBuildx(machine, app)
  rows.push(["cold engine, empty cache", seconds(first.ms), "", seconds(firstBuildx), "", ""])
  await coldCases(machine, app)
  await warmCase(machine, app)
  await tagCases(machine, app)
} finally {
  await machine.stop()
}
console.log(table(head, rows))
console.log(`\n${table(tagHead, tagRows)}`)

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}
