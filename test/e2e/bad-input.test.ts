import { rm } from "node:fs/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { onGoodHost, onOldHost } from "../support/bad-input/tables.ts"
import { listensOnLoopback, makeFiles, makeProjects, wrongCall } from "../support/bad-input/wrong-call.ts"
import { asPattern, type WrongInputs } from "../support/bad-input/wrong-input.ts"
import { hostSnapshot } from "../support/host-snapshot.ts"
import { type Lab, startLab } from "../support/lab.ts"
import { daggerCall, labAccess } from "../support/seamless.ts"
import { deploy, deployImage, hostFile, servedVersion } from "../support/stories.ts"

let lab: Lab
let files: string
let before: Awaited<ReturnType<typeof hostSnapshot>>

/** Each row of the tables: it fails, says so as written there, and the host is as it was. */
function refuses(groups: readonly WrongInputs[]): void {
  for (const { title, cases } of groups) {
    describe(title, () => {
      it.concurrent.for(cases)("$wrong", async (row, { expect }) => {
        const { code, error, stderr } = await daggerCall(wrongCall(row, lab, files))
        expect(code, stderr).toBe(1)
        expect(error).toMatch(asPattern(`Error: ${row.error}`))
        expect(await hostSnapshot(lab)).toEqual(before)
      })
    })
  }
}

describe("a host where a good version serves", () => {
  beforeAll(async () => {
    lab = await startLab()
    files = await makeFiles(lab)
    const good = await deploy(lab, { version: "1.0.0" })
    expect(good.code, good.stderr).toBe(0)
    await makeProjects(lab, onGoodHost)
    await lab.traffic.start({ rate: 20 })
    before = await hostSnapshot(lab)
  })
  afterAll(async () => {
    await lab.stop()
    await rm(files, { recursive: true })
  })

  refuses(onGoodHost)

  it("lost no request by any of these calls, and no temporary file is left", async () => {
    const { sent, failures } = await lab.traffic.report()
    expect(sent).toBeGreaterThan(100)
    expect(failures).toEqual([])
    expect((await lab.exec("find /tmp -user deploy", { as: "root" })).stdout).toBe("")
  })

  describe("what a first user gets wrong", () => {
    beforeAll(async () => {
      await makeImage("loopback", listensOnLoopback())
      await makeImage("other", "ENV APP_VERSION=other")
    })

    it("an app that listens on 127.0.0.1 in its container", async () => {
      const { code, error } = await deployImage(lab, "loopback", ["--ready-timeout=3s"])
      expect(code).toBe(1)
      expect(error).toContain(
        "Error: app on deploy@host.test:2222: web was not ready after 3 s: port 3000 answered nothing (connection refused) on /health; the old version serves\n  failed step: Wait until web is ready",
      )
      expect(error).toContain(
        "\n  → does the app listen on that port, and on 0.0.0.0 instead of 127.0.0.1? Name another port with --health-port; the record of this run is release 2 in the history",
      )
      await oldOneServes()
    })

    it("an app without the health path", async () => {
      const { code, error } = await deployImage(lab, "other", ["--health-path=/up", "--ready-timeout=3s"])
      expect(code).toBe(1)
      expect(error).toContain(
        "web was not ready after 3 s: port 3000 answered 404 on /up; the old version serves",
      )
      expect(error).toContain("\n  → the app has no such path: name its own with --health-path; ")
      await oldOneServes()
    })

    it.for([
      ["on 127.0.0.1", "loopback", [], "answered nothing (", "on 0.0.0.0 instead of 127.0.0.1?"],
      ["without the health path", "examples/app", ["--health-path=/up"], "answered 404", "--health-path"],
    ] as const)(
      "the same is said before anything is pushed: %s",
      async ([, source, more, answer, advice]) => {
        const folder = source === "loopback" ? `${files}/loopback` : source
        const { code, error } = await daggerCall([
          ...["deploy", ...labAccess(lab), `--source=${folder}`, "--tags=smoke", "--smoke-timeout=3s"],
          ...more,
        ])
        expect(code).toBe(1)
        expect(error).toMatch(/^Error: smoke test: \/\w+ on port 3000 answered /)
        expect(error).toContain(answer)
        expect(error).toContain("\n  → nothing was pushed; ")
        expect(error).toContain(advice)
        const pull = await lab.exec("docker pull registry:5000/app:smoke")
        expect(pull.stderr).toContain("not found")
      },
    )
  })
})

describe("a host with an old Compose, and a registry that wants a login", () => {
  beforeAll(async () => {
    lab = await startLab({ oldCompose: true, registryAuth: true })
    files = await makeFiles(lab)
    before = await hostSnapshot(lab)
  })
  afterAll(async () => {
    await lab.stop()
    await rm(files, { recursive: true })
  })

  refuses(onOldHost)
})

/** Puts an image into the registry that differs from 1.0.0 in one line of its Dockerfile. */
async function makeImage(tag: string, line: string): Promise<void> {
  const name = `registry:5000/app:${tag}`
  const { code, stderr } = await lab.exec(
    `DOCKER_BUILDKIT=0 docker build -t ${name} - && docker push ${name}`,
    {
      stdin: `FROM registry:5000/app:1.0.0\n${line}\n`,
    },
  )
  expect(code, stderr).toBe(0)
}

/** A rollout that was begun leaves its record and its image, and nothing else. */
async function oldOneServes(): Promise<void> {
  const now = await hostSnapshot(lab)
  for (const part of ["containers", "networks", "volumes", "firewall rules", "servers of the proxy"] as const)
    expect(now[part]).toEqual(before[part])
  expect(await hostFile(lab, ".env")).toContain("\nIMAGE_TAG=1.0.0\n")
  expect(await servedVersion(lab)).toBe("1.0.0")
  expect((await lab.traffic.report()).failures).toEqual([])
}
