import { setTimeout as sleep } from "node:timers/promises"
import type { Lab } from "../support/lab.ts"
import type { LabHost } from "../support/lab-host.ts"
import type { Fault } from "./rows.ts"

/** Runs shell text on the host as root, in the project's directory; an exit code is an error. */
export async function onHost(lab: Lab, command: string, env: Record<string, string> = {}): Promise<string> {
  const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
  const { code, stdout, stderr } = await lab.exec(
    `cd /home/deploy/app; ${variables.join("; ")}\n${command}`,
    { as: "root" },
  )
  if (code !== 0) throw new Error(`exit code ${code} of\n${command}\n${stderr}`)
  return stdout.trim()
}

/** Arms the lab's setsid: the next agent stops at this moment. */
export const arm = (lab: Lab, moment: string) =>
  onHost(
    lab,
    `rm -rf /run/faults; mkdir -m 777 /run/faults; mkfifo -m 666 /run/faults/go
    echo "$MOMENT" >/run/faults/armed; chmod 666 /run/faults/armed`,
    { MOMENT: moment },
  )

/** Waits until the agent stands at the armed moment. */
export const reached = (lab: Lab, seconds: number) =>
  onHost(
    lab,
    `for _ in $(seq ${seconds * 20}); do [ ! -s /run/faults/reached ] || exec cat /run/faults/reached; sleep 0.05; done
    echo "the armed moment was not reached" >&2; exit 1`,
  )

const go = "timeout 5 sh -c 'echo >/run/faults/go'"

const killContainers = (filter: string) =>
  `docker ps -q --filter label=com.docker.compose.service=web | xargs docker inspect --format '{{.State.Pid}} {{index .Config.Labels "seamless.release"}}' |
  awk -v release="$RELEASE" '${filter} { print $1 }' | xargs kill -9`

/** What happens on the host while the agent stands there; the last word of each sends it on, unless it was killed. */
const onTheHost: Record<Exclude<Fault, "client killed" | "host rebooted">, string> = {
  "link cut": `connection=$(tr '\\0' '\\n' </proc/$AGENT/environ | sed -n 's/^SSH_CONNECTION=//p')
    set -- $connection
    iptables -I INPUT -p tcp -s "$1" --sport "$2" -j DROP && iptables -I OUTPUT -p tcp -d "$1" --dport "$2" -j DROP && ${go}`,
  // In it: as soon as a command of Docker runs for it, be it the next step's.
  "agent killed in it": `${go}
    for _ in $(seq 1000); do
      for process in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v agent=$AGENT '$6 == agent && $2 ~ /docker/ { print $1 }'); do
        kill -9 $AGENT && exit
      done
      kill -0 $AGENT 2>/dev/null || exit 0
    done; kill -9 $AGENT`,
  "agent killed after it": "kill -9 $AGENT",
  // As systemd does it: every container stops, and those with a restart policy come back.
  "dockerd restarted": `old=$(cat /var/run/docker.pid); kill $old
    while docker version >/dev/null 2>&1; do :; done
    ${go}
    while kill -0 $old 2>/dev/null; do sleep 0.05; done`,
  "proxy killed": `kill -9 $(docker inspect --format '{{.State.Pid}}' app-seamless-proxy) && ${go}`,
  "new killed": `${killContainers("$2 == release")} && ${go}`,
  "old killed": `${killContainers("$2 != release")} && ${go}`,
  "disk full": `for size in 64k 1k; do dd if=/dev/zero bs=$size of=/home/deploy/filled oflag=append conv=notrunc 2>/dev/null; done
    ${go}`,
}

/** Lets a fault happen while the agent stands at the armed moment. */
export async function inject(
  lab: Lab,
  client: LabHost,
  fault: Fault,
  agent: string,
  release: number,
): Promise<void> {
  if (fault === "client killed") {
    client.kill()
    await onHost(lab, go)
    return
  }
  if (fault === "host rebooted") {
    await lab.powerFailure()
    await untilUp(lab)
    return
  }
  await onHost(lab, onTheHost[fault], { AGENT: agent, RELEASE: String(release) })
}

/** Waits until one can log in again: by then the lab's host has started Docker. */
async function untilUp(lab: Lab): Promise<void> {
  const deadline = performance.now() + 60_000
  while ((await lab.exec("true")).code !== 0) {
    if (performance.now() > deadline) throw new Error("the host did not come back")
    await sleep(200)
  }
}

/** Waits for the agent's end and heals what does not heal by itself: a full disk, a cut line. */
export async function over(lab: Lab, agent: string, seconds: number): Promise<void> {
  const heal = `while kill -0 $AGENT 2>/dev/null; do [ $((n = \${n-0} + 1)) -lt ${seconds * 20} ] || { echo "the agent did not end" >&2; exit 1; }; sleep 0.05; done
    rm -f /home/deploy/filled
    iptables -S INPUT | sed -n 's/^-A \\(.* -j DROP\\)$/-D \\1/p' | xargs -rL1 iptables
    iptables -S OUTPUT | sed -n 's/^-A \\(.* -j DROP\\)$/-D \\1/p' | xargs -rL1 iptables`
  await onHost(lab, heal, { AGENT: agent })
}
