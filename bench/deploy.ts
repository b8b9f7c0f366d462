// npm run bench:deploy: where the time of a deploy goes, as figures of one run. Medians, and ratios to what the same
// machine needs for the same thing without Seamless; single times of a shared machine say little.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { execa } from "execa"
import type { DeployReport } from "../src/core/report.ts"
import { type Lab, startLab } from "../test/support/lab.ts"
import type { CallResult } from "../test/support/seamless.ts"
import { deploy, deployImage } from "../test/support/stories.ts"

const runs = 7

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function repeat(work: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await work())
  return median(values)
}

const rows: [what: string, figure: string, aim: string][] = []
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

/** The app's boot: from `docker run` to its first healthy answer, asked every 20 ms from inside its container. */
async function bootTime(lab: Lab): Promise<number> {
  const { stdout, stderr } = await lab.exec(
    `start=$(date +%s%N); id=$(docker run -d $(docker images -q registry:5000/app | head -n 1))
     docker exec $id sh -c 'until curl -fs -o /dev/null localhost:3000/health; do sleep 0.02; done'
     end=$(date +%s%N); docker rm -f $id >/dev/null; echo $(( (end - start) / 1000000 ))`,
  )
  const ms = Number(stdout)
  if (Number.isNaN(ms) || stdout === "") throw new Error(`the boot time cannot be measured: ${stderr}`)
  return ms
}

function report({ code, stdout, error }: CallResult): DeployReport {
  if (code !== 0) throw new Error(error)
  return JSON.parse(stdout)
}

/** The host's part: all steps but the soak. */
function hostPart({ steps }: DeployReport): number {
  return steps.filter(({ sentence }) => !sentence.startsWith("Watch ")).reduce((sum, { ms }) => sum + ms, 0)
}

async function deploys(lab: Lab): Promise<void> {
  const reports: DeployReport[] = []
  const execs: number[] = []
  for (let run = 0; run < runs; run++) {
    const result = await deployImage(lab, run % 2 === 0 ? "1.1.0" : "1.0.0", ["--format=Json"])
    reports.push(report(result))
    execs.push(new Set(result.stderr.match(/^(\d+) +: (?:┆ )*withExec sh -c .*>\/stdout/gm) ?? []).size)
  }
  const boot = await repeat(() => bootTime(lab))
  const host = median(reports.map(hostPart))
  rows.push(["the app's boot, by docker run", seconds(boot), ""])
  rows.push([
    "the host's part of a deploy, soak apart",
    `${seconds(host)}, boot + ${seconds(host - boot)}`,
    "boot + 1.5 s",
  ])
  rows.push(["execs against the host in a deploy", String(Math.max(...execs)), "3"])
  for (const [index, { sentence }] of (reports[0]?.steps ?? []).entries()) {
    rows.push([`  ${sentence}`, seconds(median(reports.map(({ steps }) => steps[index]?.ms ?? 0))), ""])
  }
}

async function nothingToDo(lab: Lab): Promise<void> {
  const ms = await repeat(async () => {
    const result = await deployImage(lab, "1.1.0", ["--format=Json"])
    if (report(result).verdict !== "unchanged") throw new Error("the deploy was to change nothing")
    return result.ms
  })
  rows.push(["dagger call deploy of what already runs", seconds(ms), "6 s"])
}

/** `dagger functions`: loading a module and nothing else. The empty module is the SDK's template with the same runtime. */
async function load(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "seamless-empty-"))
  const inEmpty = { cwd: folder, stdin: "ignore" } as const
  await execa("git", ["init", "-q", "."], inEmpty)
  await execa("dagger", ["init", "--sdk=typescript", "--source=.", "--name=empty"], inEmpty)
  await execa("npm", ["pkg", "set", "dagger.runtime=bun"], inEmpty)
  const time = async (cwd?: string) => {
    const began = performance.now()
    await execa("dagger", ["functions"], { ...(cwd === undefined ? {} : { cwd }), stdin: "ignore" })
    return performance.now() - began
  }
  await time(folder)
  await time()
  const pairs: [own: number, empty: number][] = []
  for (let run = 0; run < runs; run++) pairs.push([await time(), await time(folder)])
  const own = median(pairs.map(([ms]) => ms))
  const empty = median(pairs.map(([, ms]) => ms))
  rows.push([
    "loading the module, warm",
    `${seconds(own)}, an empty one ${seconds(empty)}, + ${seconds(own - empty)}`,
    "empty + 1 s",
  ])
  await rm(folder, { recursive: true })
}

/** Processor time of the agent and all its children over ten seconds of a soak. */
async function idleAgent(lab: Lab): Promise<void> {
  const running = deployImage(lab, "1.0.0", ["--soak=30s", "--format=Json"])
  const agent = "$(pgrep -of 'agent.sh run')"
  const waiting =
    "until grep -q ' soak$' ~/app/.seamless/runs/*/journal 2>/dev/null && pgrep -f 'agent.sh run' >/dev/null && tail -n 1 $(ls -td ~/app/.seamless/runs/*/journal | head -n 1) | grep -q soak; do sleep 0.2; done"
  const ticks = `awk '{ n += $14 + $15 + $16 + $17 } END { print n }' /proc/${agent}/stat /proc/$(docker inspect --format '{{.State.Pid}}' app-seamless-proxy)/stat`
  const { stdout, stderr } = await lab.exec(
    `${waiting}; a=$(${ticks}); sleep 10; b=$(${ticks}); echo $((b - a)) $(getconf CLK_TCK)`,
  )
  const [used = Number.NaN, hertz = 100] = stdout.trim().split(" ").map(Number)
  if (Number.isNaN(used)) throw new Error(`the agent's processor time cannot be measured: ${stderr}`)
  rows.push([
    "processor time of the waiting agent, of one core",
    `${((used / hertz / 10) * 100).toFixed(1)} %`,
    "none to be measured",
  ])
  report(await running)
}

const lab = await startLab()
try {
  for (const version of ["1.0.0", "1.1.0"]) report(await deploy(lab, { version }, ["--format=Json"]))
  report(await deployImage(lab, "1.0.0", ["--format=Json"]))
  await deploys(lab)
  await nothingToDo(lab)
  await idleAgent(lab)
} finally {
  await lab.stop()
}
await load()
const width = Math.max(...rows.map(([what]) => what.length))
console.log(`median of ${runs}\n`)
for (const [what, figure, aim] of rows)
  console.log(`${what.padEnd(width)}  ${figure}${aim === "" ? "" : `   (aim: ${aim})`}`)
