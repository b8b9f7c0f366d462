import { describe, expect, it } from "vitest"
import { advise } from "../../src/core/advice.ts"
import { explainBuild, explainPull, explainPush } from "../../src/core/image-error.ts"

const commandFailed = (cmd: string[], stdout: string, stderr: string) =>
  Object.assign(new Error("exit code: 2"), { cmd, exitCode: 2, stdout, stderr })

describe("a build that failed", () => {
  it("names the command and its last 20 lines, those of both outputs", () => {
    const stdout = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("")
    const { message } = explainBuild(
      commandFailed(["/bin/sh", "-c", "npm ci"], stdout, "\nERR!\n"),
      "Dockerfile",
    )
    const lines = message.split("\n")
    expect(lines[0]).toBe('dockerfile: a command of Dockerfile failed with exit code 2: "npm ci"')
    expect(lines.slice(2, -1)).toEqual([
      ...Array.from({ length: 19 }, (_, index) => `    | line ${index + 11}`),
      "    | ERR!",
    ])
    expect(lines.at(-1)).toBe("  → correct it, or what it builds; nothing was pushed or changed")
  })

  it("shows a command that is no shell's as it is", () => {
    const { message } = explainBuild(commandFailed(["node", "build.mjs", "--all"], "", ""), "app/Dockerfile")
    expect(message).toContain(
      'a command of app/Dockerfile failed with exit code 2: "node build.mjs --all"\n  → ',
    )
  })

  it("says what is wrong in the Dockerfile, without the engine's ids", () => {
    const said =
      "failed to load container from converted ID: load Container@Cq==: load xxh3:85a0: inputs: lstat /a: no such file"
    expect(explainBuild(new Error(said), "Dockerfile").message).toMatch(
      /^dockerfile: Dockerfile cannot be built: lstat \/a: no such file\n {2}→ /,
    )
  })
})

describe("a registry that says no", () => {
  it.each([
    "unexpected status: 401 Unauthorized",
    "403 Forbidden",
    "pull access denied",
    "authorization failed",
  ])("%s: the token is in doubt", (said) => {
    expect(explainPush(new Error(said), "ghcr.io/acme/web").path).toBe("registryToken")
    expect(explainPull(new Error(said), "ghcr.io/acme/web:1").path).toBe("registryToken")
  })

  it("a digest that has these digits is no refusal", () => {
    expect(explainPull(new Error("sha256:a401b403: not found"), "web:1")).toMatchObject({
      path: "image",
      problem: "web:1 cannot be found: sha256:a401b403: not found",
    })
  })

  it.each(["dial tcp: lookup registry.invalid: no such host", "dial tcp 10.0.0.1:443: i/o timeout"])(
    "%s: the registry is in doubt, not the tag",
    (said) => {
      expect(explainPull(new Error(`a\n${said}`), "registry.invalid/web:1")).toMatchObject({
        path: "repository",
        problem: `the registry of registry.invalid/web:1 does not answer: ${said}`,
      })
      expect(explainPush(new Error(said), "registry.invalid/web").path).toBe("repository")
    },
  )
})

describe("advice on an answer", () => {
  it.each([
    ["port 3000 answered nothing (connection refused) on /health", /0\.0\.0\.0 instead of 127\.0\.0\.1/],
    ["/health on port 3000 answered nothing (Unable to connect. Is …)", /--health-port/],
    ["port 3000 answered 404 on /health", /--health-path/],
  ])("%s", (answer, advice) => expect(advise(answer)).toMatch(advice))

  it.each(["port 3000 answered 503 on /health", "port 4040 answered 500 on /404", ""])(
    "none on: %s",
    (answer) => {
      expect(advise(answer)).toBeUndefined()
    },
  )
})
