// npm run bench:deploy: where the time of a deploy goes, as figures of one run. Medians, and ratios to what the same
// machine needs for the same thing without Seamless; single times of a shared machine say little.
import type { DeployReport } from "../src/core/report.ts"
import { type Lab, startLab } from "../test/support/lab.ts"
import type { CallResult } from "../test/support/seamless.ts"
import { deploy, deployImage } from "../test/support/stories.ts"
import { median, print, type Row, repeat, runs, seconds } from "./figures.ts"

const rows: Row[] = []

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
print(`median of ${runs}`, rows)
