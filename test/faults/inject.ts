import { setTimeout as sleep } from "node:timers/promises"
import type { Lab } from "../support/lab.ts"
import type { LabHost } from "../support/lab-host.ts"
import type { Fault } from "./rows.ts"

/** Runs shell text on the host as root, in the project's directory; an exit code is an error. */
export async function onHost(lab: Lab, command: string): Promise<void> {
  const { code, stderr } = await lab.exec(`cd /home/deploy/app\n${command}`, { as: "root" })
  if (code !== 0) throw new Error(`exit code ${code} of\n${command}\n${stderr}`)
}

/** Shell that arms the lab's setsid: the next agent stops at the moment that is named. */
export const arm = (
  moment: string,
) => `rm -rf /run/faults; mkdir -m 777 /run/faults; mkfifo -m 666 /run/faults/go
  echo '${moment}' >/run/faults/armed; chmod 666 /run/faults/armed`

/** Seconds: longer than any timeout of a disturbed deploy. */
const patience = 90

/** Waits until the agent stands at the armed moment. */
const reached = `for _ in $(seq ${patience * 20}); do [ ! -s /run/faults/reached ] || break; sleep 0.05; done
  AGENT=$(cat /run/faults/reached) || exit 1`

const go = "timeout 5 sh -c 'echo >/run/faults/go'"

/** Waits for the agent's end, and heals what does not heal by itself: a full disk, a cut line. */
const over = `for _ in $(seq ${patience * 20}); do kill -0 $AGENT 2>/dev/null || break; sleep 0.05; done
  ! kill -0 $AGENT 2>/dev/null || { echo "the agent did not end" >&2; exit 1; }
  rm -f /home/deploy/filled
  for chain in INPUT OUTPUT; do iptables -S $chain | sed -n 's/^-A \\(.* -j DROP\\)$/-D \\1/p' | xargs -rL1 iptables; done`

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
    until cat /proc/[0-9]*/stat 2>/dev/null | awk -v agent=$AGENT '$6 == agent && $2 ~ /docker/ { found = 1 } END { exit !found }'; do
      kill -0 $AGENT || exit 1
    done
    kill -9 $AGENT`,
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

/** Lets a fault happen while the agent stands at the armed moment, and waits for the agent's end. */
export async function inject(lab: Lab, client: LabHost, fault: Fault, release: number): Promise<void> {
  if (fault === "client killed") {
    await onHost(lab, reached)
    client.kill()
    await onHost(lab, `${reached}\n${go}\n${over}`)
  } else if (fault === "host rebooted") {
    await onHost(lab, reached)
    await lab.powerFailure()
    await untilUp(lab)
  } else {
    await onHost(lab, `RELEASE=${release}\n${reached}\n${onTheHost[fault]}\n${over}`)
  }
}

/** Waits until one can log in again: by then the lab's host has started Docker. */
async function untilUp(lab: Lab): Promise<void> {
  const deadline = performance.now() + 60_000
  while ((await lab.exec("true")).code !== 0) {
    if (performance.now() > deadline) throw new Error("the host did not come back")
    await sleep(200)
  }
}
