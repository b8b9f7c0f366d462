import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type Lab, startLab } from "../support/lab.ts"
import { daggerCall, hostAccess, labAccess } from "../support/seamless.ts"
import { build, deploy, deployImage, hostFile, servedVersion, underTraffic } from "../support/stories.ts"

// What belongs around a deploy: migrations, hooks, locks, pruning, two clients at once.

let lab: Lab
const project = "--project-dir=app"
const call = (name: string, ...args: string[]) => daggerCall([name, ...hostAccess(lab), project, ...args])

beforeAll(async () => {
  lab = await startLab()
  const pushed = await deploy(lab, { version: "1.0.0" })
  expect(pushed.code, pushed.stderr).toBe(0)
})
afterAll(async () => {
  await lab.stop()
})

async function host(command: string): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(command)
  expect([code, stderr]).toEqual([0, ""])
  return stdout.trim()
}

/** The journal of the newest run. */
const journal = () => host("cat $(ls -td app/.seamless/runs/*/ | head -n 1)journal")

/** Writes a hook that notes what it was told. */
async function writeHook(name: string, more = ""): Promise<void> {
  const text = `#!/bin/sh\necho "$SEAMLESS_HOOK $SEAMLESS_KIND $SEAMLESS_TAG $SEAMLESS_REASON" >>hooks.log\n${more}\n`
  await host(
    `mkdir -p app/.seamless/hooks && printf %s '${text}' >app/.seamless/hooks/${name} && chmod +x app/.seamless/hooks/${name}`,
  )
}

describe("a migration", () => {
  // The volume of the test is the container of redis: it is on the same network, and outlives the migration.
  const migrate = (script: string) => `--migrate=${script}`

  it("of the Compose file runs once, in the new image with the service's environment, before the new version starts", async () => {
    const script = `node -e 'require("net").connect(6379, "redis").end("SET migrated "+process.env.APP_VERSION+"\\r\\n")'`
    const own = await hostFile(lab, "docker-compose.yml")
    const declared = `x-seamless:\n  migrate: >-\n    ${script}\n${own}`
    await lab.exec("cat >app/docker-compose.yml", { stdin: declared })
    const result = await deploy(lab, { version: "1.1.0" })
    await lab.exec("cat >app/docker-compose.yml", { stdin: own })
    expect(result.code, result.stderr).toBe(0)
    expect(await servedVersion(lab)).toBe("1.1.0")
    expect(await host("cd app && docker compose exec -T redis redis-cli GET migrated")).toBe("1.1.0")
    expect(await host("docker ps -aq --filter label=seamless.migration")).toBe("")
    const again = await deploy(lab, { version: "1.1.0" }, [migrate("exit 9")])
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("nothing to do")])
  })

  it("that fails changes nothing, and its last lines are in the error", async () => {
    const result = await deployImage(lab, "1.0.0", [migrate("echo no such table; exit 7")])
    expect(result.code).toBe(1)
    expect(result.error).toContain("the migration in web ended with exit code 7; the old version serves")
    expect(result.error).toContain("| no such table")
    expect(await servedVersion(lab)).toBe("1.1.0")
    expect((await call("status")).stdout).toContain("the schema may be ahead")
  })

  it("that hangs is ended at its deadline, with its container", async () => {
    const result = await deployImage(lab, "1.0.0", [migrate("sleep 600"), "--migrate-timeout=2s"])
    expect(result.code).toBe(1)
    expect(result.error).toContain("the migration in web did not end within 2 s")
    expect(await host("docker ps -aq --filter label=seamless.migration")).toBe("")
    expect(await servedVersion(lab)).toBe("1.1.0")
  })
})

describe("hooks", () => {
  it("run around the phases with the release's facts, and after-revert with the reason", async () => {
    for (const name of ["before-deploy", "before-switch", "after-commit", "after-revert"])
      await writeHook(name)
    const good = await deploy(lab, { version: "1.2.0" })
    expect(good.code, good.stderr).toBe(0)
    await writeHook("before-switch", "echo not on a Friday; exit 4")
    const refused = await deployImage(lab, "1.0.0")
    expect(refused.code).toBe(1)
    const reason = "the hook .seamless/hooks/before-switch ended with exit code 4: not on a Friday"
    expect(refused.error).toContain(reason)
    expect((await hostFile(lab, "hooks.log")).split("\n").map((line) => line.trim())).toEqual([
      "before-deploy deploy 1.2.0",
      "before-switch deploy 1.2.0",
      "after-commit deploy 1.2.0",
      "before-deploy deploy 1.0.0",
      "before-switch deploy 1.0.0",
      `after-revert deploy 1.0.0 ${reason}`,
      "",
    ])
    await host("rm -r app/.seamless/hooks app/hooks.log")
    expect(await servedVersion(lab)).toBe("1.2.0")
  })
})

describe("the lock", () => {
  it("with a reason refuses deploys until it is taken away, and status shows it", async () => {
    const locked = await call("lock", "--reason=database move", "--by=ada")
    expect([locked.code, locked.stdout]).toEqual([
      0,
      expect.stringMatching(/^locked: database move \(locked by ada/),
    ])
    const twice = await call("lock", "--reason=another")
    expect(twice.error).toContain("the project is locked already: database move")
    expect((await call("status")).stdout).toContain("locked    database move")
    const refused = await deployImage(lab, "1.0.0")
    expect(refused.error).toContain("host: the project is locked: database move")
    expect((await call("unlock")).stdout).toContain("unlocked; it was locked: database move")
    expect((await call("unlock")).stdout).toBe("it was not locked")
    expect(await servedVersion(lab)).toBe("1.2.0")
  })

  it("of a rollout makes a second one fail with its holder, or wait when asked; follow and status tell the truth", async () => {
    const first = deployImage(lab, "1.0.0", ["--soak=40s", "--by=ada"])
    await vi.waitFor(async () => expect(await journal()).toMatch(/ soak$/), 30_000)
    const [refused, status, waited, followed] = await Promise.all([
      deployImage(lab, "1.1.0"),
      call("status"),
      deployImage(lab, "1.1.0", ["--wait-lock=2m"]),
      call("follow"),
    ])
    expect(refused.code).toBe(1)
    expect(refused.error).toContain(
      "another rollout holds the lock: deploy of registry:5000/app:1.0.0 by ada",
    )
    expect(status.stdout).toContain("lock      held: deploy of registry:5000/app:1.0.0 by ada")
    expect(status.stdout).toContain("Watch web for 40s with the old version still running")
    expect((await first).code).toBe(0)
    expect(followed.code, followed.stderr).toBe(0)
    expect(followed.stdout).toContain("Deployed app (web)")
    expect(waited.code, waited.stderr).toBe(0)
    expect(await servedVersion(lab)).toBe("1.1.0")
  })

  it("goes to the newer of two commits: the older one behind it is skipped, unless forced", async () => {
    const of = (commit: string, time: number) => [
      `--commit=${commit.repeat(40)}`,
      "--branch=main",
      `--commit-time=${time}`,
    ]
    const newer = await deployImage(lab, "1.2.0", of("b", 2000))
    expect(newer.code, newer.stderr).toBe(0)
    const older = await deployImage(lab, "1.0.0", of("a", 1000))
    expect([older.code, older.stdout]).toEqual([0, expect.stringContaining("serves a newer commit")])
    expect(await servedVersion(lab)).toBe("1.2.0")
    const forced = await deployImage(lab, "1.0.0", [...of("a", 1000), "--force"])
    expect(forced.code, forced.stderr).toBe(0)
    expect(await servedVersion(lab)).toBe("1.0.0")
  })
})

describe("following", () => {
  it.each([
    ["ready", "1.1.0"],
    ["soak", "1.0.0"],
  ])("of a rollout whose client was killed at %s shows that the host went on", async (verb, version) => {
    const { result, traffic } = await underTraffic(lab, `killed-${verb}`, async () => {
      const runner = new AbortController()
      const killed = deployImage(lab, version, ["--soak=5s"], runner.signal)
      await vi.waitFor(async () => {
        const text = await journal()
        expect(text).toMatch(new RegExp(`^\\d+ begin \\d+ ${verb}$`, "m"))
        expect(text).not.toContain("verdict")
      }, 60_000)
      runner.abort()
      expect((await killed).code).not.toBe(0)
      return call("follow")
    })
    expect([result.code, result.stdout]).toEqual([0, expect.stringContaining("Deployed app (web)")])
    expect(await servedVersion(lab)).toBe(version)
    expect(traffic.failures).toEqual([])
  })

  it("of a rollout whose client missed its end gives its verdict, and fails as it did", async () => {
    const broken = await daggerCall([
      "deploy",
      ...labAccess(lab),
      ...build("2.0.0", "unhealthy"),
      "--tags=2.0.0",
      "--ready-timeout=5s",
    ])
    expect(broken.code).toBe(1)
    const followed = await call("follow")
    expect(followed.code).toBe(1)
    expect(followed.error).toContain("web was not ready after 5 s")
  })
})

describe("a rollback", () => {
  it("restores the configuration of its release, and Compose on the host agrees with it", async () => {
    const environment = () =>
      host("docker exec $(docker ps -q --filter label=com.docker.compose.service=web) printenv GREETING")
    const before = await environment()
    await host("cd app && cp -p .env env.before && sed -i 's/^GREETING=.*/GREETING=changed/' .env")
    const changed = await deployImage(lab, "1.1.0")
    expect(changed.code, changed.stderr).toBe(0)
    expect(await environment()).toBe("changed")
    const back = await call("rollback")
    expect(back.code, back.stderr).toBe(0)
    expect(back.stdout).toMatch(/! the Compose configuration has changed since release \d+: that of release/)
    expect([await environment(), await servedVersion(lab)]).toEqual([before, "1.0.0"])
    const containers = () => host("docker ps -aq --no-trunc | sort")
    const running = await containers()
    await host("cd app && docker compose up -d --quiet-pull 2>/dev/null")
    expect(await containers()).toBe(running)
    const again = await deployImage(lab, "1.0.0")
    expect(again.code, again.stderr).toBe(0)
    expect(await environment()).toBe("changed")
    await host('cd app && sed -i "s/^GREETING=.*/$(grep ^GREETING= env.before)/" .env && rm env.before')
  })
})

describe("pruning", () => {
  it("keeps what the last releases need, and nothing else of this repository", async () => {
    await host("docker pull -q haproxy:lts >/dev/null 2>&1 || true")
    const images = () =>
      host("docker images --digests --format '{{.Repository}}@{{.Digest}}' registry:5000/app | sort")
    for (const [version, keep, left] of [
      ["1.2.0", 5, 3],
      ["1.1.0", 2, 2],
    ]) {
      const kept = await deployImage(lab, String(version), [`--keep=${keep}`])
      expect(kept.code, kept.stderr).toBe(0)
      expect((await images()).split("\n")).toHaveLength(Number(left))
    }
    expect(await host("docker images -q haproxy:lts")).not.toBe("")
    expect(await host("ls app/.seamless/releases | grep -v current | wc -l")).toBe("2")
  })

  it("and a disk without room for the image is found before it is pulled", async () => {
    const result = await deployImage(lab, "1.0.0", ["--disk-reserve=900000"])
    expect(result.code).toBe(1)
    expect(result.error).toContain("the disk of Docker has")
    expect(result.error).toContain("of which 900000 MB are the reserve")
    expect(await servedVersion(lab)).toBe("1.1.0")
  })
})
