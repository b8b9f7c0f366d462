// npm run bench:soak [DEPLOYS [RATE [REQUESTS]]]: many deploys in a row, good and broken ones mixed, under heavy traffic. It
// ends when so many deploys were made and so many requests were sent.
import { committedRun } from "../src/core/host-state.ts"
import { Client, type Images } from "../test/faults/rollout.ts"
import { type Lab, startLab, type TrafficReport } from "../test/support/lab.ts"
import { daggerCall, registryAccess } from "../test/support/seamless.ts"
import { build } from "../test/support/stories.ts"

const [deploys = 100, rate = 600, requests = 1_000_000] = process.argv.slice(2).map(Number)
const steadySeconds = 60
const breaches = 5

/** What breaks before it may serve is never seen by a client; the others are for the time of a breach. */
const behaviours = ["ok", "ok-too", "crash", "unhealthy", "wrong-port", "failing", "dies"] as const
type Behaviour = (typeof behaviours)[number]

async function publish(lab: Lab): Promise<Images> {
  const images: Images = {}
  for (const behaviour of behaviours) {
    const args = build(behaviour, behaviour === "ok-too" ? "ok" : behaviour)
    const { stdout, stderr } = await daggerCall([
      ...["publish", ...registryAccess(lab), ...args, `--tags=${behaviour}`],
    ])
    const digest = /@(sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1]
    if (digest === undefined) throw new Error(stderr)
    images[behaviour] = digest
  }
  return images
}

async function rollOut(client: Client, behaviour: Behaviour): Promise<string> {
  const soak = behaviour === "dies" ? 15_000 : 1_000
  const changes = {
    readyTimeout: 3_000,
    keep: 10,
    soak,
    migrateTimeout: 10_000,
    diskReserve: 10,
    force: true,
    branch: "",
  }
  const outcome = await client.apply(await client.plan(behaviour, changes))
  return outcome.verdict
}

/** The good version that does not serve now. */
async function next(client: Client): Promise<Behaviour> {
  return committedRun(await client.read())?.tag === "ok" ? "ok-too" : "ok"
}

async function manyDeploys(lab: Lab, client: Client): Promise<Record<string, number>> {
  const verdicts: Record<string, number> = {}
  const broken = ["crash", "unhealthy", "wrong-port"] as const
  for (let done = 0, sent = 0; done < deploys || sent < requests; done++) {
    const behaviour = done % 3 === 2 ? (broken[Math.floor(done / 3) % 3] as Behaviour) : await next(client)
    const verdict = await rollOut(client, behaviour)
    const good = behaviour.startsWith("ok")
    if (verdict !== (good ? "deployed" : "reverted")) throw new Error(`${behaviour} ended ${verdict}`)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    if (done % 10 === 9) {
      const report = await lab.traffic.report("deploying")
      sent = report.sent
      console.error(`${done + 1} deploys, ${sent} requests, ${report.failed} failed`)
    }
  }
  return verdicts
}

/** From the first answer that a breach spoiled to the first good one of the old version. */
async function breachTimes(lab: Lab, client: Client, behaviour: Behaviour): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < breaches; run++) {
    await lab.traffic.start({ name: `breach-${behaviour}-${run}`, rate: 200 })
    const verdict = await rollOut(client, behaviour)
    const { longestOutageMs } = await lab.traffic.stop(`breach-${behaviour}-${run}`)
    if (verdict !== "reverted") throw new Error(`${behaviour} ended ${verdict}`)
    times.push(longestOutageMs)
  }
  return times.sort((a, b) => a - b)
}

const row = (name: string, { sent, failed, latencyMs, seconds }: TrafficReport) =>
  [
    name.padEnd(18),
    `${failed} failed of ${sent} in ${seconds.toFixed(0)} s`.padEnd(36),
    `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, p99.9 ${latencyMs.p999} ms, longest ${latencyMs.max} ms`,
  ].join("  ")

const lab = await startLab()
try {
  const client = new Client(lab, await publish(lab))
  if ((await rollOut(client, "ok")) !== "deployed") throw new Error("the first deploy failed")

  await lab.traffic.start({ name: "steady", rate })
  await new Promise((resolve) => setTimeout(resolve, steadySeconds * 1000))
  const steady = await lab.traffic.stop("steady")

  await lab.traffic.start({ name: "deploying", rate })
  const verdicts = await manyDeploys(lab, client)
  const deploying = await lab.traffic.stop("deploying")

  console.log(`${rate} requests a second\n`)
  console.log(row("steady", steady))
  console.log(row("while deploying", deploying))
  const counts = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`)
  console.log(`\ndeploys: ${counts.join(", ")}`)
  if (deploying.failed > 0) console.log(JSON.stringify(deploying.failedBy), deploying.failures.slice(0, 10))

  for (const behaviour of ["failing", "dies"] as const) {
    const times = await breachTimes(lab, client, behaviour)
    console.log(`from a breach to the old version (${behaviour}): ${times.join(", ")} ms`)
  }
  process.exitCode = deploying.failed > 0 ? 1 : 0
} finally {
  await lab.stop()
}
