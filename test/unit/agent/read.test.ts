import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { readProgram } from "../../../src/agent/program.ts"
import type { HostState } from "../../../src/core/host-state.ts"
import { parseHostState } from "../../../src/core/host-state.ts"
import { runShell, type Shell, shells } from "../../support/shells.ts"

/** A stand-in for the command `docker` that answers with files: Compose's own output is the input of the script. */
const docker = `#!/bin/sh
case "$*" in
'compose version --short') echo 2.40.3 ;;
'compose config --format json') cat "$ANSWERS/config.json" && printf '%s|%s\\n' "$COMPOSE_FILE" "$IMAGE_TAG" >&2 ;;
'compose config --hash *') cat "$ANSWERS/hashes" ;;
'ps -aq --no-trunc') cat "$ANSWERS/ids" ;;
inspect*) cat "$ANSWERS/containers" ;;
info*) cat "$ANSWERS/info" ;;
*) echo "unexpected: docker $*" >&2; exit 1 ;;
esac
`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seamless-read-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Reads a project that has these files, on a host whose docker answers with these texts. */
function read(
  shell: Shell,
  {
    files = {},
    config = {},
    args = [],
  }: { files?: Record<string, string>; config?: object; args?: string[] } = {},
): { state: HostState; stdout: string } {
  rmSync(folder, { recursive: true, force: true })
  const all: Record<string, string> = {
    "bin/docker": docker,
    "answers/config.json": `${JSON.stringify(config, null, 2)}\n`,
    "answers/hashes": "web h1\n",
    "answers/ids": "c1\n",
    "answers/containers": '{"id":"c1","name":"/shop-web-1","state":"running","ports":null}\n',
    "answers/info": '{"version":"28","architecture":"x86_64","security":[],"errors":null}\n',
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`project/${path}`, text])),
  }
  mkdirSync(join(folder, "project"), { recursive: true })
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  chmodSync(join(folder, "bin/docker"), 0o755)
  const { code, stdout, stderr } = runShell(shell, readProgram(), {
    args: [join(folder, "project"), "IMAGE_TAG", "1.1.0", "-", ...args],
    env: {
      PATH: join(folder, "bin"),
      ANSWERS: join(folder, "answers"),
      HOME: "/home/deploy",
      // The reading changes nothing, so it needs no place for temporary files either.
      TMPDIR: join(folder, "missing"),
    },
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return { state: parseHostState(stdout), stdout }
}

/** Whether a text is in one of the facts. */
const decoded = (stdout: string) =>
  stdout
    .split("\n")
    .map((line) => Buffer.from(line.split("\t")[1] ?? "", "base64").toString())
    .join("\n")

const planted = (where: string) => `planted-${where} { [ , ] } "x": {`

/** What a Compose file may hold that is nobody's business, in every place where Compose 2.40 prints it. */
const service = (name: string) => ({
  annotations: { a: planted("annotation") },
  build: { context: "/src", args: { TOKEN: planted("build-arg") }, labels: { l: planted("build-label") } },
  command: ["run", planted("command")],
  configs: [{ source: "app", target: "/app" }],
  depends_on: { redis: { condition: "service_started", required: true } },
  deploy: {
    mode: "replicated",
    labels: { "traefik.auth": planted("deploy-label") },
    replicas: 2,
    resources: {},
    update_config: { order: "start-first", monitor: "5s" },
  },
  entrypoint: [planted("entrypoint")],
  environment: { PASSWORD: planted("environment"), EMPTY: null },
  extra_hosts: [planted("extra-host")],
  healthcheck: { test: ["CMD", "curl", planted("healthcheck")], interval: "2s", retries: 3 },
  image: `registry.test/${name}:1`,
  labels: { "traefik.auth": planted("label") },
  logging: { driver: "x", options: { token: planted("logging") } },
  networks: { default: null, back: { ipv4_address: "10.0.0.7" } },
  ports: [{ mode: "ingress", target: 3000, published: "8080", protocol: "tcp" }],
  restart: "always",
  secrets: [{ source: "key" }],
  stop_grace_period: "10s",
  volumes: [{ type: "volume", source: "data", target: "/data", volume: {} }],
  "x-more": { deep: { deeper: planted("extension") } },
})

const config = {
  name: "shop",
  networks: {
    back: { name: "shop_back", driver_opts: { key: planted("driver-option") }, ipam: {}, internal: true },
    default: {
      name: "shop_default",
      ipam: { config: [{ subnet: "10.0.0.0/8" }] },
      labels: { l: planted("network") },
    },
  },
  // Services may be called like the keys that the filter looks at.
  services: Object.fromEntries(
    [
      "configs",
      "deploy",
      "environment",
      "healthcheck",
      "image",
      "labels",
      "networks",
      "services",
      "test",
    ].map((name) => [name, service(name)]),
  ),
  volumes: { data: { name: "shop_data", driver_opts: { o: planted("volume") } } },
  configs: { app: { name: "app", content: planted("config") } },
  secrets: { key: { name: "key", environment: planted("secret") } },
  "x-top": { anything: [planted("top-extension")] },
}

describe.each(shells)("the reading of a host, with %s:", (shell) => {
  test("no value that the plan does not need leaves the host", () => {
    const { state, stdout } = read(shell, { files: { "compose.yml": "" }, config })
    expect(decoded(stdout)).not.toContain("planted")
    const kept = (name: string) => ({
      depends_on: { redis: { condition: "service_started", required: true } },
      deploy: { mode: "replicated", replicas: 2, update_config: { order: "start-first", monitor: "5s" } },
      healthcheck: { interval: "2s", retries: 3 },
      image: `registry.test/${name}:1`,
      networks: { default: null, back: { ipv4_address: "10.0.0.7" } },
      ports: [{ mode: "ingress", target: 3000, published: "8080", protocol: "tcp" }],
      restart: "always",
      stop_grace_period: "10s",
      volumes: [{ type: "volume", source: "data", target: "/data", volume: {} }],
    })
    expect(state.config).toEqual({
      name: "shop",
      networks: { back: { name: "shop_back", internal: true }, default: { name: "shop_default" } },
      services: Object.fromEntries(Object.keys(config.services).map((name) => [name, kept(name)])),
    })
  })

  test("a project with nothing in it but one service", () => {
    const small = {
      name: "shop",
      services: { web: { image: "app", command: null, environment: { A: "1" } } },
    }
    const { state } = read(shell, { files: { "compose.yml": "" }, config: small })
    expect(state.config).toEqual({ name: "shop", services: { web: { image: "app" } }, networks: {} })
  })

  test("the facts beside the configuration", () => {
    const { state } = read(shell, { files: { "compose.yml": "", ".env": "IMAGE_TAG=1.0.0\n" }, config })
    expect(state).toMatchObject({
      missing: [],
      daemon: { version: "28", architecture: "x86_64" },
      compose: "2.40.3",
      home: "/home/deploy",
      directory: expect.stringMatching(/project$/),
      writable: true,
      files: ["compose.yml"],
      missingFiles: [],
      misplacedSettings: [],
      tag: "1.0.0",
      hashes: { web: "h1" },
      containers: [{ id: "c1", name: "shop-web-1" }],
      runs: [],
    })
  })

  test("a directory that is not there", () => {
    const { state } = read(shell)
    expect(state.files).toEqual([])
    rmSync(join(folder, "project"), { recursive: true })
    const gone = runShell(shell, readProgram(), {
      args: [join(folder, "project"), "IMAGE_TAG", "-", "-"],
      env: { PATH: join(folder, "bin"), ANSWERS: join(folder, "answers"), HOME: "/home/deploy" },
    })
    expect(gone.code).toBe(0)
    expect(parseHostState(gone.stdout)).not.toHaveProperty("directory")
  })

  test.each<
    [what: string, files: Record<string, string>, args: string[], found: string[], missing?: string[]]
  >([
    ["the first of Compose's names", { "compose.yml": "", "docker-compose.yml": "" }, [], ["compose.yml"]],
    [
      "with its override",
      { "docker-compose.yml": "", "compose.override.yml": "" },
      [],
      ["docker-compose.yml", "compose.override.yml"],
    ],
    [
      "those asked for",
      { "compose.yml": "", "a.yml": "" },
      ["a.yml", "b.yml"],
      ["a.yml", "b.yml"],
      ["b.yml"],
    ],
    [
      "those of .env",
      { "a.yml": "", "b.yml": "", ".env": "COMPOSE_FILE=a.yml:b.yml\n" },
      [],
      ["a.yml", "b.yml"],
    ],
    [
      "in quotes, with a comment",
      { "a.yml": "", "b.yml": "", ".env": 'COMPOSE_FILE="a.yml:b.yml" # both\r\n' },
      [],
      ["a.yml", "b.yml"],
    ],
    [
      "plain, with a comment",
      { "a.yml": "", "b.yml": "", ".env": "export COMPOSE_FILE=a.yml:b.yml # both\n" },
      [],
      ["a.yml", "b.yml"],
    ],
    ["with a colon in .env", { "a.yml": "", ".env": "COMPOSE_FILE: a.yml\n" }, [], ["a.yml"]],
    [
      "with a separator",
      { "a.yml": "", "b.yml": "", ".env": "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=a.yml;b.yml\n" },
      [],
      ["a.yml", "b.yml"],
    ],
    [
      "without the release's own",
      { "a.yml": "", ".env": "COMPOSE_FILE=a.yml:.seamless/releases/current/compose.yml\n" },
      [],
      ["a.yml"],
    ],
    ["none", {}, [], []],
  ])("the Compose files: %s", (_, files, args, found, missing = []) => {
    const { state } = read(shell, { files, args, config })
    expect(state.files).toEqual(found)
    expect(state.missingFiles).toEqual(missing)
    // Compose is asked about these files and the tag to come.
    expect(state.warnings).toBe(`${found.join(":")}|1.1.0`)
  })

  test("settings for Seamless that are not at the top level of a Compose file", () => {
    const files = {
      "a.yml": "services:\n  web:\n    x-seamless: { migrate: rake }\n",
      "b.yml": "x-seamless:\n  migrate: rake\n",
    }
    const { state } = read(shell, { files, args: ["a.yml", "b.yml"], config })
    expect(state.misplacedSettings).toEqual(["a.yml"])
  })

  test("what earlier rollouts left", () => {
    const release = ".seamless/runs/3.abc"
    const files = {
      "compose.yml": "",
      [`${release}/facts`]: "release 3\nkind deploy\nby ada\n",
      [`${release}/verdict`]: "reverted\n",
      [`${release}/journal`]: "100 begin 1 start\n223 verdict reverted\n",
      [`${release}/reason`]: "web was not ready\nsecond line\n",
      ".seamless/runs/4.def/facts": "release 4\n",
      ".seamless/runs/4.def/journal": "100 locked\n110 begin 1 pull\n120 done 1\n130 begin 2 migrate\n",
      ".seamless/runs/4.def/plan": "pull\tPull it\nmigrate\tMigrate web\tweb\t60\ttrue\n",
      ".seamless/runs/4.def/schema": "begun\n",
      ".seamless/runs/5.unpacked/facts": "release 5\n",
      ".seamless/maintenance": "database move\n",
      ".seamless/lock": "",
      ".seamless/owner": "deploy by ada\n",
    }
    const { state } = read(shell, { files, config })
    expect(state.runs).toMatchObject([
      {
        id: "3.abc",
        verdict: "reverted",
        release: 3,
        kind: "deploy",
        by: "ada",
        ms: 1230,
        reason: "web was not ready",
        migrated: false,
        step: "",
      },
      { id: "4.def", verdict: "unfinished", release: 4, ms: 300, migrated: true, step: "Migrate web" },
    ])
    expect(state.runs).toHaveLength(2)
    expect(state.maintenance).toBe("database move")
    expect(state).not.toHaveProperty("lock")
    expect(state).not.toHaveProperty("current")
  })
})
