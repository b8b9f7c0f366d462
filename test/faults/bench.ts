import { readFileSync } from "node:fs"
import type { Plan } from "../../src/core/plan.ts"
import type { Lab } from "../support/lab.ts"
import type { Bench } from "./cell.ts"
import { onHost } from "./inject.ts"
import { Client, doomed, publishImages } from "./rollout.ts"
import { readTraces } from "./traces.ts"
import { forget, type World, worlds } from "./worlds.ts"

/** A lab on which a release serves, with the setsid at which agents can be stopped. */
export async function openBench(lab: Lab): Promise<Bench> {
  const client = new Client(lab, await publishImages(lab))
  const setsid = readFileSync(new URL("held-setsid.sh", import.meta.url), "utf8")
  await lab.exec("cat >/usr/local/bin/setsid && chmod 755 /usr/local/bin/setsid", {
    as: "root",
    stdin: setsid,
  })
  await onHost(lab, "cp -p .env /home/deploy/env")
  const bench: Bench = { lab, client, known: [], state: await client.read() }
  await restore(bench)
  for (const world of worlds) bench.known.push(...(await undisturbed(bench, world)))
  bench.state = await client.read()
  return bench
}

/** The files of the project after a deploy in a world, and one that failed at the last moment. */
async function undisturbed(
  { lab, client }: Bench,
  { name, prepare, tidy = ":", wish }: World,
): Promise<string[]> {
  for (const [last, wanted] of [
    [doomed, "reverted"],
    [(plan: Plan) => plan, "deployed"],
  ] as const) {
    await onHost(lab, prepare)
    const { verdict, reason } = await client.apply(
      last(await client.plan(client.other(await client.read()), {}, wish)),
    )
    if (verdict !== wanted) throw new Error(`${name}: ${verdict}: ${reason}`)
    await onHost(lab, tidy)
  }
  return (await readTraces(lab)).files
}

/** Makes the host anew, also after a cell that went wrong. */
export async function restore(bench: Bench): Promise<void> {
  const { lab, client } = bench
  const anew = `for _ in $(seq 300); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
    for process in /proc/[0-9]*; do [ "$(stat -c %U $process 2>/dev/null)" != deploy ] || kill -9 \${process#/proc/}; done
    rm -f /home/deploy/filled
    iptables -F INPUT; iptables -F OUTPUT
    ${worlds.map(({ tidy = ":" }) => `{ ${tidy}; }`).join("; ")}
    ${forget}; cp -p /home/deploy/env .env`
  await onHost(lab, anew)
  const { outcome } = await client.deploy("1.0.0")
  if (outcome.verdict !== "deployed")
    throw new Error(`the first release: ${outcome.verdict}: ${outcome.reason}`)
  bench.state = await client.read()
}
