import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { parse } from "yaml"

interface Workflow {
  permissions: Record<string, string>
  concurrency: Record<string, unknown>
  jobs: Record<
    string,
    { steps: { name?: string; uses?: string; run?: string; env?: Record<string, string> }[] }
  >
}

const folder = ".github/workflows"
const workflows = readdirSync(folder).map((name) => ({
  name,
  workflow: parse(readFileSync(join(folder, name), "utf8")) as Workflow,
}))
const steps = workflows.flatMap(({ name, workflow }) =>
  Object.values(workflow.jobs).flatMap((job) => job.steps.map((step) => ({ file: name, ...step }))),
)
const deploy = workflows.find(({ name }) => name === "deploy.yml")?.workflow
const script = deploy?.jobs.deploy?.steps.find((step) => step.name === "Deploy")?.run ?? ""

test("every action is pinned by commit, with its version beside it", () => {
  const uses = steps.flatMap((step) => step.uses ?? [])
  expect(uses.length).toBeGreaterThan(0)
  for (const it of uses) expect(it).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
  for (const { name } of workflows) {
    const lines = readFileSync(join(folder, name), "utf8").match(/^\s+- uses: .*$/gm) ?? []
    for (const line of lines) expect(line).toMatch(/ # v\d+\.\d+\.\d+$/)
  }
})

test("no expression is pasted into a script", () => {
  for (const { file, run } of steps) expect(`${file}: ${run ?? ""}`).not.toContain("${{")
})

test("permissions are the least, a running deploy is not cancelled", () => {
  expect(deploy?.permissions).toEqual({ contents: "read", packages: "write" })
  expect(deploy?.concurrency).toMatchObject({ "cancel-in-progress": false })
  for (const { name, workflow } of workflows.filter((it) => it.name !== "deploy.yml")) {
    expect([name, workflow.permissions]).toEqual([name, { contents: "read" }])
  }
})

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "seamless-workflow-"))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Runs the deploy script with a stand-in for dagger that notes its arguments. */
function run(inputs: Record<string, string>, dagger = "echo '### ✅ Deployed'") {
  const fake = join(dir, "dagger")
  writeFileSync(fake, `#!/bin/sh\nprintf '%s\\0' "$@" >"${dir}/argv"\n${dagger}\n`)
  chmodSync(fake, 0o755)
  writeFileSync(join(dir, "git"), "#!/bin/sh\necho 1700000000\n", { mode: 0o755 })
  const env = {
    PATH: `${dir}:${process.env.PATH}`,
    RUNNER_TEMP: dir,
    GITHUB_STEP_SUMMARY: join(dir, "summary.md"),
    GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
    GITHUB_ACTOR: "octocat",
    GITHUB_RUN_ID: "42",
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_REF_TYPE: "branch",
    GITHUB_REF_NAME: "main",
    MODULE: "github.com/acme/seamless@v0.1.0",
    REPOSITORY: "ghcr.io/acme/web",
    HOST: "deploy@example.com",
    KNOWN_HOSTS: "example.com ssh-ed25519 AAAA",
    SOURCE: ".",
    TAGS: "",
    SERVICES: "",
    PROJECT_DIR: "",
    REGISTRY_USER: "octocat",
    ARGUMENTS: "",
    SSH_KEY: "private",
    REGISTRY_TOKEN: "token",
    ...inputs,
  }
  // As GitHub starts `shell: bash`.
  const argv = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script]
  const { status, stderr } = spawnSync("bash", argv, { env, cwd: dir, encoding: "utf8" })
  return {
    status,
    stderr,
    argv: readFileSync(join(dir, "argv"), "utf8").split("\0").slice(0, -1),
    summary: readFileSync(join(dir, "summary.md"), "utf8"),
  }
}

const start = ["--progress=plain", "call", "-m", "github.com/acme/seamless@v0.1.0", "deploy"]
const always = () => [
  "--source=.",
  "--repository=ghcr.io/acme/web",
  "--registry-user=octocat",
  "--registry-token=env://REGISTRY_TOKEN",
  "--host=deploy@example.com",
  "--ssh-key=env://SSH_KEY",
  `--known-hosts=${dir}/known_hosts`,
  "--commit=0123456789abcdef0123456789abcdef01234567",
  "--commit-time=1700000000",
  "--by=octocat, run 42 of acme/shop",
  "--format=MARKDOWN",
]

test("a deploy is one call, its report the job summary", () => {
  const { status, argv, summary } = run({})
  expect(argv).toEqual([...start, ...always(), "--branch=main"])
  expect(readFileSync(join(dir, "known_hosts"), "utf8")).toBe("example.com ssh-ed25519 AAAA\n")
  expect(summary).toBe("### ✅ Deployed\n")
  expect(status).toBe(0)
})

test("lists become one argument a line, empty lines none", () => {
  const { argv } = run({
    GITHUB_REF_TYPE: "tag",
    GITHUB_REF_NAME: "v1.4.2",
    TAGS: "stable\n\nblue\n",
    SERVICES: "web",
    PROJECT_DIR: "/srv/my shop",
    ARGUMENTS: "--soak=30s\n--health-path=/up",
  })
  expect(argv).toEqual([
    ...start,
    ...always(),
    "--git-tag=v1.4.2",
    "--tags=stable",
    "--tags=blue",
    "--services=web",
    "--project-dir=/srv/my shop",
    "--soak=30s",
    "--health-path=/up",
  ])
})

test.each(["$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "*", "a b  c"])(
  "%s is passed as it is",
  (hostile) => {
    const { argv } = run({ GITHUB_REF_NAME: hostile, TAGS: hostile, HOST: hostile })
    for (const flag of ["branch", "tags", "host"]) expect(argv).toContain(`--${flag}=${hostile}`)
    expect(existsSync(join(dir, "pwned"))).toBe(false)
  },
)

test("a failure keeps dagger's exit code and shows its last lines, as no Markdown", () => {
  const { status, summary, stderr } = run({}, "echo '# web never became ready' >&2; exit 3")
  expect(status).toBe(3)
  expect(stderr).toContain("# web never became ready")
  expect(summary).toBe("### ❌ The deploy did not succeed\n\n    # web never became ready\n")
})

test("of a long log only the error at its end is shown", () => {
  const { summary } = run(
    {},
    "printf 'connect\\nError: no\\n  → do this [traceparent:0-1]\\nRun it again\\n' >&2; exit 1",
  )
  expect(summary).toBe(
    "### ❌ The deploy did not succeed\n\n    Error: no\n      → do this\n    Run it again\n",
  )
})

test("no secret is among the arguments", () => {
  const { argv } = run({ SSH_KEY: "s3cret-key", REGISTRY_TOKEN: "s3cret-token" })
  expect(argv.join(" ")).not.toContain("s3cret")
})
