import { readFileSync } from "node:fs"
import type { Lab } from "../support/lab.ts"
import type { Bench } from "./cell.ts"
import { onHost } from "./inject.ts"
import { Client, doomed, publishImages } from "./rollout.ts"
import { readTraces } from "./traces.ts"
import { forget } from "./worlds.ts"

/** A lab on which a first release serves, with the setsid at which agents can be stopped. */
export async function openBench(lab: Lab): Promise<Bench> {
  const client = new Client(lab, await publishImages(lab))
  const setsid = readFileSync(new URL("held-setsid.sh", import.meta.url), "utf8")
  await lab.exec("cat >/usr/local/bin/setsid && chmod 755 /usr/local/bin/setsid", {
    as: "root",
    stdin: setsid,
  })
  await onHost(lab, "cp -p .env /home/deploy/env")
  const bench = { lab, client, known: [] }
  await deployed(bench)
  await client.apply(doomed(await client.plan(client.other(await client.read()))))
  const { files } = await readTraces(lab)
  return { ...bench, known: files }
}

/** Makes the host anew after a cell that went wrong. */
export async function restore(bench: Bench): Promise<void> {
  await onHost(
    bench.lab,
    `for _ in $(seq 300); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
    pkill -9 -f agent.sh; rm -f /home/deploy/filled
    iptables -F INPUT; iptables -F OUTPUT
    ${forget}; cp -p /home/deploy/env .env`,
  )
  await deployed(bench)
}

async function deployed({ client }: Bench): Promise<void> {
  const outcome = await client.apply(await client.plan("1.0.0", { soak: 0 }))
  if (outcome.verdict !== "deployed")
    throw new Error(`the first release: ${outcome.verdict}: ${outcome.reason}`)
}
