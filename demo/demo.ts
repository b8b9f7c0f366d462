// npm run demo [-- --json FILE]: the main job on a real host. Deploys 1.0.0, then 1.1.0 under traffic, then a broken 1.2.0
// that reverts by itself, then rolls back. Exits 0 only if no request failed and each version served when it should.
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { type Lab, startLab, type TrafficReport } from "../test/support/lab.ts"
import { type CallResult, daggerCall, hostAccess, labAccess } from "../test/support/seamless.ts"
import { build, deploy, servedVersion, underTraffic } from "../test/support/stories.ts"

const { values } = parseArgs({ options: { json: { type: "string" } } })

/** One part of the demo, as a row of the table. */
interface Row {
  part: string
  seconds: number
  requests: number
  failed: number
  longestMs: number
  /** What is not as it should be. */
  wrong: string[]
}

const rows: Row[] = []
const began = performance.now()
const secondsSince = (start: number) => (performance.now() - start) / 1000

/** The host's own progress, out of the engine's log. */
function progress(line: string): void {
  const step = /\| ((?:✔|✘|↩|⟲) .*)$/.exec(line)?.[1]
  if (step !== undefined) console.log(`   ${step}`)
}

function record(part: string, seconds: number, wrong: string[], traffic?: TrafficReport): void {
  const row = {
    part,
    seconds,
    requests: traffic?.sent ?? 0,
    failed: traffic?.failed ?? 0,
    longestMs: traffic?.latencyMs.max ?? 0,
    wrong: [
      ...wrong,
      ...(traffic !== undefined && traffic.failed > 0 ? [`${traffic.failed} requests failed`] : []),
    ],
  }
  rows.push(row)
  for (const problem of row.wrong) console.log(`   ✘ ${problem}`)
}

/** Runs one part under traffic, and checks how the call ended and which version serves afterwards. */
async function show(
  lab: Lab,
  part: string,
  call: () => Promise<CallResult>,
  wanted: { code: number; serves: string },
): Promise<void> {
  console.log(`\n── ${part}`)
  const { result, traffic } = await underTraffic(lab, part, call)
  console.log(result.code === 0 ? result.stdout.trimEnd() : result.error)
  const serves = await servedVersion(lab)
  const wrong = [
    ...(result.code === wanted.code ? [] : [`exit code ${result.code} instead of ${wanted.code}`]),
    ...(serves === wanted.serves ? [] : [`${serves} serves instead of ${wanted.serves}`]),
  ]
  record(part, result.ms / 1000, wrong, traffic)
}

async function first(lab: Lab): Promise<void> {
  console.log("\n── plan of the first deploy")
  const plan = await daggerCall(["plan", ...labAccess(lab), ...build("1.0.0"), "--tags=1.0.0"])
  console.log(plan.code === 0 ? plan.stdout.trimEnd() : plan.error)
  record("plan", plan.ms / 1000, plan.code === 0 ? [] : ["the plan failed"])

  console.log("\n── deploy 1.0.0 to an empty host")
  const result = await deploy(lab, { version: "1.0.0" }, [], progress)
  console.log(result.code === 0 ? result.stdout.trimEnd() : result.error)
  record("deploy 1.0.0", result.ms / 1000, result.code === 0 ? [] : ["the deploy failed"])
}

function table(): string {
  const head = "part                          seconds  requests  failed  longest"
  const lines = rows.map(({ part, seconds, requests, failed, longestMs, wrong }) =>
    [
      part.padEnd(30),
      seconds.toFixed(1).padStart(7),
      String(requests || "").padStart(10),
      String(requests ? failed : "").padStart(8),
      (requests ? `${Math.round(longestMs)} ms` : "").padStart(9),
      wrong.length > 0 ? `  ${wrong.join("; ")}` : "",
    ].join(""),
  )
  return [head, ...lines].join("\n")
}

console.log("── start a Docker host, a registry and a traffic generator on the engine")
const lab = await startLab()
record("start the lab", secondsSince(began), [])
try {
  await first(lab)
  await show(lab, "deploy 1.1.0", () => deploy(lab, { version: "1.1.0" }, [], progress), {
    code: 0,
    serves: "1.1.0",
  })
  await show(
    lab,
    "deploy 1.2.0, which is broken",
    () => deploy(lab, { version: "1.2.0", behaviour: "crash" }, [], progress),
    {
      code: 1,
      serves: "1.1.0",
    },
  )
  await show(
    lab,
    "rollback",
    () => daggerCall(["rollback", ...hostAccess(lab), "--project-dir=app"], progress),
    { code: 0, serves: "1.0.0" },
  )
} finally {
  await lab.stop()
}
console.log(`\n${table()}\n\nall in ${secondsSince(began).toFixed(0)} s`)
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ seconds: secondsSince(began), rows }, null, 2)}\n`)
process.exitCode = rows.some(({ wrong }) => wrong.length > 0) ? 1 : 0
