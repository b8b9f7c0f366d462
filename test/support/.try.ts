import { startLab } from "./lab.ts"
import { execa } from "execa"
const t0 = performance.now()
const lap = (n: string, v: unknown = "") => console.log(Math.round(performance.now() - t0), n, v)
const [a, b] = await Promise.all([startLab({ registryAuth: true }), startLab({ oldCompose: true })])
lap("two labs")
const ssh = (lab: typeof a, key: string, known: string) => execa("ssh", ["-p", String(lab.sshPort), "-i", `${lab.keysDir}/${key}`, ...["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=host.test", `UserKnownHostsFile=${lab.keysDir}/${known}`].flatMap((o) => ["-o", o]), "deploy@127.0.0.1", "hostname; docker ps -q | wc -l; docker compose version --short"], { reject: false, all: true })
try {
  await a.exec("docker run -d redis:7-alpine")
  lap("a good", (await ssh(a, "id_ed25519", "known_hosts")).all)
  lap("b good", (await ssh(b, "id_ed25519", "known_hosts")).all)
  const w = await ssh(a, "wrong_key", "known_hosts"); lap("wrong", [w.exitCode, w.all])
  const c = await ssh(a, "id_ed25519", "known_hosts_changed"); lap("changed", [c.exitCode, c.all?.split("\n").filter((l) => /fail|CHANGED/i.test(l))])
  lap("root with deploy's key", (await a.exec("ssh -o BatchMode=yes -o StrictHostKeyChecking=no -i x root@localhost true")).code)
  for (const lab of [a, b]) {
    lap("registry", (await fetch(`http://127.0.0.1:${lab.registryPort}/v2/`)).status)
    lap("with login", (await fetch(`http://127.0.0.1:${lab.registryPort}/v2/`, { headers: { authorization: `Basic ${btoa("ci:seamless")}` } })).status)
  }
  lap("login on host", await a.exec("echo seamless | docker login -u ci --password-stdin registry:5000 2>&1 | tail -1"))
  const big = await a.exec("head -c 2000000 /dev/zero | tr '\\0' x")
  lap("big output", big.stdout.length)
} finally {
  await Promise.all([a.stop(), b.stop()])
  lap("stopped", await fetch(`http://127.0.0.1:${a.webPort}`).catch((e) => e.cause.code))
}
