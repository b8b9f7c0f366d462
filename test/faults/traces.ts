import { readParts } from "../support/host-snapshot.ts"
import type { Lab } from "../support/lab.ts"

/** The versions that ten new connections to the published port get, once it answers. */
const ask = `bash -c '
  once() { exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET /version HTTP/1.0\\r\\n\\r\\n" >&3 && timeout 5 grep -a version <&3; }
  for _ in {1..100}; do once >/dev/null && break; sleep 0.1; done
  for _ in {1..10}; do once || echo "{\\"version\\":\\"nothing\\"}"; done' 2>/dev/null | sed -n 's/.*"version":"\\([^"]*\\)".*/\\1/p' | sort -u`

/** Where a rollout could leave something behind, part by part. */
const parts = {
  versions: ask,
  lock: "cd /home/deploy/app; if [ ! -e .seamless/lock ] || flock -n .seamless/lock true; then echo free; else echo held; fi",
  // The proxy and the app have the SSH user's number; so has what the agent starts inside the proxy's container. Docker asks for
  // the app's health at any time.
  processes: `for process in /proc/[0-9]*; do
    [ "$(stat -c %U $process 2>/dev/null)" = deploy ] && tr '\\0' ' ' <$process/cmdline 2>/dev/null && echo
  done | grep -v -e '^haproxy ' -e '^sshd' -e '^node server' -e '^curl .*/health' -e '^ *$'; true`,
  files: "find . -mindepth 1 -not -path './.seamless/hooks*' | sort",
  containers: `docker ps -aq | xargs -r docker inspect --format '{{.Name}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}} {{index .Config.Labels "seamless.release"}}' | sort`,
  networks: "docker network ls --format '{{.Name}}' | sort",
  rules: `iptables -t nat -S | sed -n 's/.*--dport \\([0-9]*\\).* DNAT .*/\\1/p'; iptables -S | grep -e '^-A INPUT' -e '^-A OUTPUT'; true`,
  env: "cat .env",
  slots: "cat .seamless/releases/current/slots 2>/dev/null; true",
  // Name, whether it is up (2), and whether it was put into maintenance or drain (0: neither).
  servers: `docker exec app-seamless-proxy bash -c 'exec 3<>/dev/tcp/127.0.0.1/65535; echo "show servers state" >&3; cat <&3' 2>/dev/null |
    awk 'NF > 9 && !/^#/ && $19 != 1 { print $4, $6, $7 % 2 + int($7 / 8) % 8 }'; true`,
}

type Traces = Record<keyof typeof parts, string[]>

export const readTraces = (lab: Lab): Promise<Traces> => readParts(lab, parts)

/** Which version is to serve, started by which release (none: by hand), and whether behind the proxy. */
export interface Serving {
  tag: string
  release?: number
}

/** Everything that is not as it is when nothing but this serves; nothing when all is well. */
export function remains(
  traces: Traces,
  serving: Serving | undefined,
  known: readonly string[],
  tagBefore: string,
): string[] {
  const { tag, release } = serving ?? {}
  const behindProxy = release !== undefined
  const own = traces.containers.filter((line) => !/redis|left-over/.test(line))
  const expected: Record<string, [found: readonly string[], wanted: readonly string[]]> = {
    lock: [traces.lock, ["free"]],
    processes: [traces.processes, []],
    files: [[...shapes(traces.files)].filter((file) => !shapes(known).has(file)), []],
    networks: [traces.networks, [...(serving ? ["app_default"] : []), "bridge", "host", "none"]],
    rules: [traces.rules, serving ? ["8080"] : []],
    ".env": [
      traces.env.filter((line) => /^(IMAGE_TAG|GREETING)=/.test(line)),
      [`IMAGE_TAG=${tag ?? tagBefore}`, `GREETING="hello, it's = fine" # quoted, with a comment behind it`],
    ],
    containers: [
      own.map((line) => line.replace(/web-\d+/, "web-N")),
      [
        ...(behindProxy ? ["/app-seamless-proxy running unless-stopped "] : []),
        ...(serving ? [`/app-web-N running unless-stopped ${release ?? ""}`] : []),
      ],
    ],
    servers: [traces.servers, behindProxy ? [`${traces.slots[0]}.web.1 2 0`] : []],
  }
  // A container that Seamless did not start has no release at the end of its line.
  const lines = (texts: readonly string[]) => texts.map((text) => text.trimEnd()).join("\n")
  return Object.entries(expected).flatMap(([what, [found, wanted]]) =>
    lines(found) === lines(wanted)
      ? []
      : [`${what}: ${found.join(" | ") || "none"}, not ${wanted.join(" | ") || "none"}`],
  )
}

/** Names of files without the numbers of runs and releases. */
const shapes = (files: readonly string[]) =>
  new Set(files.map((file) => file.replace(/\/(runs|releases)\/[^/]+/, "/$1/N")))
