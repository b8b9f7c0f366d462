// Is the lab fit to judge a deploy? Run in a container that knows the lab as `lab`.
import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"

const post = async (path, body) => {
  const response = await fetch(`http://lab:9000${path}`, { method: "POST", body: JSON.stringify(body) })
  return response.json()
}
const exec = async (command, options) => {
  const result = await post("/exec", { command, ...options })
  assert.equal(result.code, 0, `${command}\n${result.stdout}${result.stderr}${result.error ?? ""}`)
  return result.stdout.trim()
}
const step = async (name, act) => {
  const start = performance.now()
  const result = await act()
  console.log(`${name}: ${result ?? "ok"} (${Math.round(performance.now() - start)} ms)`)
}

/** The version that answers, as soon as one does. */
const served = async (url, attempts = 100) => {
  for (let n = 0; n < attempts; n++) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) })
      return (await response.json()).version
    } catch {
      await sleep(200)
    }
  }
  throw new Error(`${url} did not answer in ${attempts} attempts`)
}

await step("the host answers, and deploy is not root", async () => {
  assert.match(await exec("id"), /uid=(?!0)\d+\(deploy\).*\(docker\)/)
  assert.equal(await exec("id -u", { as: "root" }), "0")
  return exec("docker version -f '{{.Server.Version}}' && docker compose version --short")
})

await step("exec passes exit code, both outputs and input", async () => {
  const result = await post("/exec", { command: "cat; echo err >&2; exit 3", stdin: "in $x 'y'\n" })
  assert.deepEqual(result, { code: 3, stdout: "in $x 'y'\n", stderr: "err\n" })
})

await step("containers start and resolve names by the host's DNS and by the network's", async () => {
  await exec("docker network create test && docker run -d --name one --network test redis:7-alpine")
  await exec("docker run --rm --network test redis:7-alpine redis-cli -h one ping")
  await exec("docker rm -f one && docker network rm test")
})

await step("a first version from the registry", () =>
  exec("cd app && docker compose up -d --wait 2>&1 | tail -n 1"),
)
const redis = await exec("cd app && docker compose ps -q redis")

await step("traffic to a version that stays", async () => {
  await post("/start", { name: "still", target: "http://host.test:8080", streams: 2 })
  await sleep(5000)
  const report = await post("/stop", { name: "still" })
  assert.equal(report.failed, 0, JSON.stringify(report.failedBy))
  assert.deepEqual(report.streams, { opened: 2, ended: 0, cut: 0 })
  assert.ok(report.ok > 450, `only ${report.ok} requests in 5 s`)
  return `${report.failed} of ${report.sent} failed, ${JSON.stringify(report.latencyMs)}`
})

await step("plain compose up to the next version, under traffic", async () => {
  await post("/start", { name: "plain", target: "http://host.test:8080" })
  await sleep(1000)
  await exec("cd app && IMAGE_TAG=1.1.0 docker compose up -d --wait")
  await sleep(1000)
  const report = await post("/stop", { name: "plain" })
  assert.ok(report.failed > 0, "nothing failed: the generator cannot be trusted")
  assert.deepEqual(Object.keys(report.versions), ["1.0.0", "1.1.0"])
  return `${report.failed} of ${report.sent} failed, ${JSON.stringify(report.failedBy)}`
})

await step("redis was not touched", async () => {
  assert.equal(await exec("cd app && docker compose ps -q redis"), redis)
})

await step("after a power failure the host is back and serves", async () => {
  const running = () =>
    exec("cat /var/run/docker.pid; docker inspect -f '{{.Id}} {{.State.Pid}}' $(docker ps -q)", {
      as: "root",
    })
  const before = await running()
  await exec("kill -USR1 $(cat /etc/lab/pid); sleep 5", { as: "root" }).catch(() => {})
  const version = await served("http://lab:8080/version")
  assert.notEqual(await running(), before)
  return version
})
