import { createHash } from "node:crypto"
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Lab, startLab } from "../support/lab.ts"
import { filesWith, found, linesWith, type Needles, watchProcesses } from "../support/needles.ts"
import { type CallResult, daggerCall, hostAccess, labAccess } from "../support/seamless.ts"
import { servedVersion } from "../support/stories.ts"

/** An account of the lab's registry. */
const token = "Yk7-registry-token-Vm2x"

/** The secrets that pass through our hands: nobody but the one they are for may see them. */
let ours: Needles = {
  "registry token": token,
  "registry login": btoa(`robot:${token}`),
  "build secret": "planted-build-secret-4c1f9d",
}

/** What the project keeps for the app: in its own files and in the app's container, and nowhere else. */
const theirs: Needles = {
  "value in .env": "planted-env-value-83be02",
  "value in environment": "planted-environment-value-f06a57",
  "value in healthcheck": "planted-healthcheck-value-19dd6e",
}

let lab: Lab
let folder: string
const calls: CallResult[] = []

async function call(...args: string[]): Promise<CallResult> {
  const result = await daggerCall(args)
  calls.push(result)
  return result
}

beforeAll(async () => {
  lab = await startLab({ registryAuth: true })
  const key = (await readFile(`${lab.keysDir}/id_ed25519`, "utf8")).split("\n")
  ours = { ...ours, "SSH key, second line": key[2] ?? "", "SSH key, third line": key[3] ?? "" }
  for (const [name, value] of Object.entries(ours)) expect(value.length, name).toBeGreaterThan(15)

  folder = await mkdtemp(join(tmpdir(), "secrets-"))
  await writeFile(join(folder, "token"), token)
  await writeFile(join(folder, "build-secret"), ours["build secret"] as string)
  await writeSource("good", "true")
  await writeSource("tells", "cat /run/secrets/npm && cat /run/secrets/npm >&2 && exit 1")

  const files = [
    ["docker-compose.yml", compose],
    [".env", `IMAGE_TAG=0.0.0\nDATABASE_PASSWORD=${theirs["value in .env"]}\n`],
  ] as const
  for (const [name, text] of files) await lab.exec(`cat >~/app/${name}`, { stdin: text })
})
afterAll(async () => {
  await lab.stop()
  await rm(folder, { recursive: true })
})

const compose = `services:
  web:
    image: registry:5000/app:\${IMAGE_TAG}
    restart: unless-stopped
    ports: ["8080:3000"]
    environment:
      DATABASE_PASSWORD: \${DATABASE_PASSWORD}
      API_KEY: ${theirs["value in environment"]}
    healthcheck:
      test: ["CMD-SHELL", "curl -fs -H 'Key: ${theirs["value in healthcheck"]}' http://localhost:3000/health"]
      interval: 1s
    deploy:
      update_config: { order: start-first, monitor: 2s }
`

/** The example app, whose build has the secret: it ends early if it is not the right one. */
async function writeSource(name: string, command: string): Promise<void> {
  const source = join(folder, name)
  await cp("examples/app", source, { recursive: true })
  const hash = createHash("sha256")
    .update(ours["build secret"] as string)
    .digest("hex")
  const check = `echo "${hash}  /run/secrets/npm" | sha256sum --check --status`
  const lines = (await readFile(join(source, "Dockerfile"), "utf8")).split("\n")
  const at = lines.findIndex((line) => line.startsWith("RUN node --check"))
  lines.splice(at, 0, `RUN --mount=type=secret,id=npm ${check} && ${command}`)
  await writeFile(join(source, "Dockerfile"), lines.join("\n"))
}

const login = () => ["--registry-user=robot", `--registry-token=file:${folder}/token`]
const build = (source: string, version: string, behaviour = "ok") => [
  `--source=${folder}/${source}`,
  `--build-args=VERSION=${version},BEHAVIOUR=${behaviour}`,
  "--smoke-env=BEHAVIOUR=ok",
  `--build-secrets=file:${folder}/build-secret`,
  "--build-secret-ids=npm",
  `--tags=${version}`,
]

describe("secrets reach only those they are for", () => {
  it("no process of the host has one in its arguments or its environment while a deploy runs", async () => {
    // Docker itself shows the command of a health check to everybody on the host: it runs it.
    const { "value in healthcheck": _, ...rest } = theirs
    const control = "planted-control-5a5a"
    const watch = await watchProcesses(lab, { ...ours, ...rest, control })
    await lab.exec(`sh -c 'sleep 1; true' ${control}`)
    await lab.exec(`CONTROL=${control} sh -c 'sleep 1; true'`)
    const deployed = await call("deploy", ...labAccess(lab), ...login(), ...build("good", "1.0.0"))
    expect(deployed.code, deployed.stderr).toBe(0)
    expect(await servedVersion(lab)).toBe("1.0.0")
    const { rounds, seen } = await watch.stop()
    expect(rounds).toBeGreaterThan(100)
    const others = seen.filter((process) => !process.startsWith(control))
    expect(others).toEqual([])
    expect(seen.some((process) => process.startsWith(`${control} in cmdline of`))).toBe(true)
    expect(seen.some((process) => process.startsWith(`${control} in environ of`))).toBe(true)
  })

  it("a rollout that fails and a rollback have them too, and say nothing of them", async () => {
    const failed = await call(
      ...["deploy", ...labAccess(lab), ...login(), ...build("good", "1.1.0", "unhealthy")],
      "--ready-timeout=3s",
    )
    expect(failed.code).toBe(1)
    expect(failed.error).toContain("web was not ready after 3 s")

    const second = await call("deploy", ...labAccess(lab), ...login(), ...build("good", "1.2.0"))
    expect(second.code, second.stderr).toBe(0)
    const back = await call("rollback", ...hostAccess(lab), ...login(), "--project-dir=app")
    expect(back.code, back.stderr).toBe(0)
  })

  it("calls that are refused say nothing of them", async () => {
    const refused: [expected: string, ...args: string[]][] = [
      ["dockerfile:", "deploy", ...labAccess(lab), ...login(), ...build("tells", "2.0.0")],
      [
        "registryToken:",
        ...[
          "publish",
          "--repository=registry:5000/app",
          `--registry-service=tcp://127.0.0.1:${lab.registryPort}`,
        ],
        ...["--registry-user=ci", `--registry-token=file:${folder}/token`, ...build("good", "2.0.0")],
      ],
      [
        "sshKey:",
        ...["status", ...hostAccess(lab), "--project-dir=app"],
        `--ssh-key=file:${folder}/build-secret`,
      ],
    ]
    for (const [expected, ...args] of refused) {
      const { code, error } = await call(...args)
      expect(code).toBe(1)
      expect(error).toContain(`Error: ${expected}`)
    }
  })

  it("functions that only read say nothing of them", async () => {
    const plan = await call("plan", ...labAccess(lab), ...login(), ...build("good", "3.0.0"))
    const place = [...hostAccess(lab), "--project-dir=app"]
    const read = [
      plan,
      await call("status", ...place),
      await call("history", ...place),
      await call("logs", ...place),
    ]
    for (const { code, stderr } of read) expect(code, stderr).toBe(0)
  })

  it("none is in the output of any call, progress included", () => {
    expect(calls.length).toBeGreaterThan(10)
    for (const { stdout, stderr } of calls) {
      expect(found({ ...ours, ...theirs }, stdout)).toEqual([])
      expect(found({ ...ours, ...theirs }, stderr)).toEqual([])
    }
  })

  it("none is in a file of the host, but the project's own", async () => {
    const places = ["/home", "/root", "/tmp", "/var/tmp", "/var/log", "/etc"]
    expect(await filesWith(lab, ours, ...places)).toEqual([])

    const files = await filesWith(lab, theirs, ...places)
    // A release keeps the configuration that Compose had, variables filled in: a rollback brings it back.
    const kept = files.filter((path) => /\/app\/\.seamless\/releases\/\d+\/rendered\.yml$/.test(path))
    expect(files.filter((path) => !kept.includes(path))).toEqual([
      "/home/deploy/app/.env",
      "/home/deploy/app/docker-compose.yml",
    ])
    const { stdout: modes } = await lab.exec(`stat -c %a ${kept.join(" ")}`, { as: "root" })
    expect(new Set(modes.trimEnd().split("\n"))).toEqual(new Set(["600"]))
  })

  it("the login that the host pulled with is gone, and the user's own was not touched", async () => {
    const left = await lab.exec(
      "find /home /root /tmp -name config.json -o -path '*/.seamless/*' -name docker",
      {
        as: "root",
      },
    )
    expect(left).toEqual({ code: 0, stdout: "", stderr: "" })
    const again = await lab.exec("docker pull registry:5000/app:1.0.0")
    expect(again.stderr).toMatch(/no basic auth credentials|unauthorized/)
  })

  it("none is in the image: its layers, its history, its configuration", async () => {
    const images = "$(docker images -q registry:5000/app)"
    const all = { ...ours, ...theirs }
    expect(await linesWith(lab, all, `docker save ${images}`)).toBe(0)
    expect(await linesWith(lab, all, `docker image inspect ${images}`)).toBe(0)
    // The same search finds what is there.
    expect(
      await linesWith(lab, { app: "finishing the requests in flight" }, `docker save ${images}`),
    ).toBeGreaterThan(0)
  })
})
