import { Agent, request } from "node:http"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { hostSnapshot } from "../support/host-snapshot.ts"
import { type Lab, startLab } from "../support/lab.ts"
import { daggerCall, hostAccess, labAccess, registryAccess } from "../support/seamless.ts"
import {
  build,
  deploy,
  deployImage,
  hostFile,
  replacePlainCompose,
  servedVersion,
  startPlainCompose,
  underTraffic,
} from "../support/stories.ts"

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
})
afterAll(async () => {
  await lab.stop()
})

/** What the lab's registry has under a tag. */
async function digestOf(path: string, tag: string): Promise<string | null> {
  const url = `http://127.0.0.1:${lab.registryPort}/v2/${path}/manifests/${tag}`
  const accept = "application/vnd.oci.image.manifest.v1+json"
  return (await fetch(url, { method: "HEAD", headers: { accept } })).headers.get("docker-content-digest")
}

const sentences = (text: string) =>
  text.split("\n").flatMap((line) => /^ +(?:\d+\.|\S+ +(?:\d+\w+)+ ) *(\S.*)$/.exec(line)?.[1] ?? [])

describe("the main job", () => {
  it("plan says what deploy does, and changes nothing", async () => {
    const before = await hostSnapshot(lab)
    const plan = await daggerCall(["plan", ...labAccess(lab), ...build("1.0.0"), "--tags=1.0.0"])
    expect(plan.code, plan.stderr).toBe(0)
    expect(await hostSnapshot(lab)).toEqual(before)

    const first = await deploy(lab, { version: "1.0.0" })
    expect(first.code, first.stderr).toBe(0)
    expect(first.stdout).toContain("Deployed app (web) to deploy@host.test:2222 as release 1.")
    const [building, pushing, ...planned] = sentences(plan.stdout)
    expect(building).toBe("Build the image and test it in a container")
    expect(pushing).toBe("Push registry:5000/app:1.0.0")
    expect(planned.length).toBeGreaterThan(8)
    expect(planned).toEqual(sentences(first.stdout))
    expect(await servedVersion(lab)).toBe("1.0.0")
  })

  it("deploys a change of the code under traffic without losing a request", async () => {
    const redis = await lab.exec("docker inspect --format '{{.Id}} {{.State.StartedAt}}' app-redis-1")
    const also = ["--also=registry:5000/mirror/app"]
    const { result, traffic } = await underTraffic(lab, "change", () =>
      deploy(lab, { version: "1.1.0" }, also),
    )
    expect(result.code, result.stderr).toBe(0)
    expect(result.stdout).toMatch(/Also in +registry:5000\/mirror\/app\n/)
    expect(await servedVersion(lab)).toBe("1.1.0")
    expect(traffic.failures).toEqual([])
    expect(Object.keys(traffic.versions).sort()).toEqual(["1.0.0", "1.1.0"])
    expect(await lab.exec("docker inspect --format '{{.Id}} {{.State.StartedAt}}' app-redis-1")).toEqual(
      redis,
    )
  })

  it("has the same image in the further repository", async () => {
    const [app, mirror] = await Promise.all(["app", "mirror/app"].map((path) => digestOf(path, "1.1.0")))
    expect(app).toMatch(/^sha256:/)
    expect(mirror).toBe(app)
  })

  it("leaves the user's files as they are, but for the tag and the list of Compose files", async () => {
    expect(await hostFile(lab, ".env")).toBe(
      [
        "# The version that runs: written by the deploy, all other lines stay as they are.",
        "IMAGE_TAG=1.1.0",
        "#IMAGE_TAG=0.9.0",
        "",
        'GREETING="hello, it\'s = fine" # quoted, with a comment behind it',
        "COMPOSE_FILE=docker-compose.yml:.seamless/releases/current/compose.yml",
        "",
      ].join("\n"),
    )
    const byHand = await lab.exec(
      "cd ~/app && docker compose up -d 2>&1 && docker compose ps --format '{{.Name}}'",
    )
    expect(byHand.code, byHand.stdout).toBe(0)
    expect(byHand.stdout).not.toMatch(/Recreate|Created|Started/)
  })

  it("does nothing for a digest that already runs, and says so", async () => {
    const before = await hostSnapshot(lab)
    const again = await deploy(lab, { version: "1.1.0" })
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toContain("already runs this version: nothing to do.")
    expect(await hostSnapshot(lab)).toEqual(before)
  })

  it.each([
    [
      "crash",
      "the new container of web stopped: exit code 1",
      "cannot start: the database password is missing (crashing on purpose)",
    ],
    [
      "unhealthy",
      "web was not ready after 5 s: port 3000 answered 503 on /health",
      "version broken-unhealthy listens on port 3000",
    ],
    [
      "wrong-port",
      "web was not ready after 5 s: port 3000 answered nothing (connection refused) on /health",
      "version broken-wrong-port listens on port 3001",
    ],
  ])("reverts a version that is broken by itself: %s", async (behaviour, reason, lastLine) => {
    const env = await hostFile(lab, ".env")
    const { result, traffic } = await underTraffic(lab, behaviour, () =>
      deploy(lab, { version: `broken-${behaviour}`, behaviour }, ["--ready-timeout=5s"]),
    )
    expect(result.code).toBe(1)
    expect(result.error).toContain(reason)
    expect(result.error).toContain("the old version serves")
    expect(result.error).toContain(`| ${lastLine}`)
    expect(traffic.failures).toEqual([])
    expect(Object.keys(traffic.versions)).toEqual(["1.1.0"])
    expect(await hostFile(lab, ".env")).toBe(env)
    const containers = await lab.exec("docker ps -a --format '{{.Names}}' | sort | tr '\\n' ' '")
    expect(containers.stdout).toMatch(/^app-redis-1 app-seamless-proxy app-web-\d+ $/)
  })

  it("reverts a version that fails under real traffic", async () => {
    const { result, traffic } = await underTraffic(lab, "failing", () =>
      deploy(lab, { version: "broken-failing", behaviour: "failing" }),
    )
    expect(result.code).toBe(1)
    expect(result.error).toMatch(
      /web failed under traffic: \d+ of \d+ answers were errors; the old version serves/,
    )
    expect(traffic.failed).toBeGreaterThan(0)
    expect(Object.keys(traffic.failedBy).join()).toMatch(/500/)
    expect(await servedVersion(lab)).toBe("1.1.0")
  })

  it("rolls back to the release before, without a build", async () => {
    const { result, traffic } = await underTraffic(lab, "rollback", () =>
      daggerCall(["rollback", ...hostAccess(lab), "--project-dir=app"]),
    )
    expect(result.code, result.stderr).toBe(0)
    expect(result.stdout).toContain("Rolled app (web) on deploy@host.test:2222 back")
    expect(await servedVersion(lab)).toBe("1.0.0")
    expect(traffic.failures).toEqual([])
  })

  it("answers a client that kept one idle connection through two deploys", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await ask(agent)).toEqual({ status: 200, version: "1.0.0", reused: false })
    for (const version of ["1.1.0", "1.0.0"]) {
      const { code, stderr } = await deployImage(lab, version)
      expect(code, stderr).toBe(0)
    }
    expect(await ask(agent)).toEqual({ status: 200, version: "1.0.0", reused: true })
    agent.destroy()
  })

  it("goes on serving what is committed when the proxy is started anew", async () => {
    const { code } = await lab.exec("docker restart app-seamless-proxy")
    expect(code).toBe(0)
    await vi.waitFor(async () => expect(await servedVersion(lab)).toBe("1.0.0"), { timeout: 10_000 })
    const { result, traffic } = await underTraffic(lab, "after-restart", () => deployImage(lab, "1.1.0"))
    expect(result.code, result.stderr).toBe(0)
    expect(traffic.failures).toEqual([])
    expect(await servedVersion(lab)).toBe("1.1.0")
  })

  it("shows status, history and logs", async () => {
    const access = [...hostAccess(lab), "--project-dir=app"]
    const status = await daggerCall(["status", ...access])
    expect(status.stdout).toMatch(/^release {3}\d+: registry:5000\/app:1\.1\.0 sha256:[0-9a-f]{64}$/m)
    expect(status.stdout).toMatch(/^lock {6}free$/m)
    const history = await daggerCall(["history", ...access])
    expect(history.stdout).toMatch(/^ +\d+ {2}rollback deployed /m)
    expect(history.stdout).toMatch(/deploy reverted .*: web failed under traffic/)
    const logs = await daggerCall(["logs", ...access, "--services=web"])
    expect(logs.stdout).toContain("version 1.1.0 listens on port 3000")
  })
})

/** Asks for the version on a connection of the agent. */
function ask(agent: Agent): Promise<{ status?: number; version: string; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: lab.webPort, path: "/version", agent }, async (response) => {
      const { version } = JSON.parse(Buffer.concat(await response.toArray()).toString())
      resolve({ status: response.statusCode, version, reused: sent.reusedSocket })
    })
    sent.on("error", reject).end()
  })
}

describe("publish", () => {
  it("gives all tags of one build one digest in the registry", async () => {
    const published = await daggerCall([
      "publish",
      ...registryAccess(lab),
      ...build("2.4.6"),
      "--git-tag=v2.4.6",
      "--branch=main",
      "--commit=0123456789abcdef0123456789abcdef01234567",
    ])
    expect(published.code, published.stderr).toBe(0)
    const lines = published.stdout
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("#"))
    const tags = lines.map((line) => /^registry:5000\/app:(.*)@sha256:/.exec(line)?.[1])
    expect(tags).toEqual(["sha-0123456789ab", "main", "2.4.6", "2.4", "2", "latest"])
    const told = lines.map((line) => line.replace(/.*@/, ""))
    const stored = await Promise.all(tags.map((tag) => registryDigest(tag as string)))
    expect(new Set([...told, ...stored]).size).toBe(1)
  })
})

async function registryDigest(tag: string): Promise<string | null> {
  const accept = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
  ].join(",")
  const response = await fetch(`http://127.0.0.1:${lab.registryPort}/v2/app/manifests/${tag}`, {
    method: "HEAD",
    headers: { accept },
  })
  return response.headers.get("docker-content-digest")
}

describe("many deploys", () => {
  it("loses no request in 20 deploys in a row, where docker compose up --wait does", async () => {
    const versions = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "1.1.0" : "1.0.0"))
    const seamless = await underTraffic(lab, "twenty", async () => {
      for (const version of versions) {
        const { code, stderr } = await deployImage(lab, version)
        expect(code, stderr).toBe(0)
      }
    })
    await startPlainCompose(lab, "1.0.0")
    const compose = await underTraffic(
      lab,
      "compose",
      async () => {
        for (const version of versions) await replacePlainCompose(lab, version)
      },
      "http://host.test:8081",
    )
    const row = (name: string, { sent, failed, latencyMs }: typeof compose.traffic) =>
      `${name.padEnd(30)} ${failed} failed of ${sent}, longest ${latencyMs.max} ms`
    console.log(
      [
        row("20 deploys by Seamless", seamless.traffic),
        row("20 times compose up -d --wait", compose.traffic),
      ].join("\n"),
    )
    expect(seamless.traffic.failures).toEqual([])
    expect(seamless.traffic.sent).toBeGreaterThan(5_000)
    expect(compose.traffic.failed).toBeGreaterThan(0)
  })
})

describe("without userland-proxy", () => {
  it("deploys under traffic without losing a request", async () => {
    await lab.stop()
    lab = await startLab({ userlandProxy: false })
    const first = await deploy(lab, { version: "1.0.0" })
    expect(first.code, first.stderr).toBe(0)
    const { result, traffic } = await underTraffic(lab, "no-userland-proxy", () =>
      deploy(lab, { version: "1.1.0" }),
    )
    expect(result.code, result.stderr).toBe(0)
    expect(traffic.failures).toEqual([])
    expect(await servedVersion(lab)).toBe("1.1.0")
  })
})
