import { describe, expect, test } from "vitest"
import { parseComposeConfig, replicas } from "../../src/core/compose.ts"
import { parseFacts, parseHostState } from "../../src/core/host-state.ts"
import { facts } from "./support/facts.ts"

describe("facts", () => {
  test("are read by name, several of one name in their order", () => {
    expect(
      parseFacts(facts(["a", "x y\n"], ["run", "1"], ["run", "größe\n2"], ["traffic.before", ""])),
    ).toEqual(
      new Map([
        ["a", ["x y\n"]],
        ["run", ["1", "größe\n2"]],
        ["traffic.before", [""]],
      ]),
    )
  })

  test.each(["Welcome to host1", "Last login:\ttoday, 10:00", "a\tb\tc", "\t", "name\tb!", ""])(
    "the line %j of a login script is none",
    (line) => {
      expect(parseFacts(`${line}\n${facts(["a", "1"])}${line}`)).toEqual(new Map([["a", ["1"]]]))
    },
  )
})

/** The state of a host that printed these facts. */
const read = (...values: [name: string, value: string][]) => parseHostState(facts(...values))

test("a host that says nothing has nothing", () => {
  expect(parseHostState("")).toEqual({
    missing: [],
    daemon: { error: "docker is not there" },
    compose: "",
    home: "",
    writable: false,
    envFileFound: false,
    files: [],
    separator: ":",
    missingFiles: [],
    misplacedSettings: [],
    tag: "",
    warnings: "",
    hashes: {},
    containers: [],
    listening: [],
    slots: "",
    hooks: [],
    kept: [],
    runs: [],
  })
})

test("a host that says all of it", () => {
  const container = {
    id: "c1",
    name: "/shop-web-1",
    image: "app",
    state: "running",
    restart: "no",
    project: "shop",
    service: "web",
    oneoff: "False",
    release: "3",
    proxy: null,
    ports: {},
  }
  expect(
    read(
      ["missing", "flock setsid "],
      ["daemon", '{"version":"28.2.2","architecture":"x86_64","security":["name=rootless"],"errors":null}'],
      ["compose", "2.40.3\n"],
      ["home", "/home/deploy"],
      ["directory", "/home/deploy/my shop"],
      ["writable", "yes"],
      ["env_file", "yes"],
      ["files", "compose.yml\ncompose.prod.yml"],
      ["separator", ";"],
      ["missing_files", "compose.prod.yml "],
      ["misplaced", "compose.yml "],
      ["tag", "1.0.0\n"],
      ["config", '{"name": "shop", "services": {"web": {"image": "app"}}, "networks": {}}'],
      ["warnings", "time=x level=warning\n"],
      ["hashes", "web h1\nredis h2\n"],
      ["containers", `${JSON.stringify(container)}\n${JSON.stringify({ ...container, id: "c2" })}\n`],
      ["project", "shop"],
      ["listening", "0016\n1F90\n"],
      ["current", "3"],
      ["slots", "b\n"],
      ["lock", "deploy by ada\nsince 10:00\n"],
      ["maintenance", "database move\n"],
      ["hooks", "before-deploy after-revert "],
      ["kept", "2\n3\n"],
    ),
  ).toEqual({
    missing: ["flock", "setsid"],
    daemon: { version: "28.2.2", architecture: "x86_64", security: ["name=rootless"] },
    compose: "2.40.3",
    home: "/home/deploy",
    directory: "/home/deploy/my shop",
    writable: true,
    envFileFound: true,
    files: ["compose.yml", "compose.prod.yml"],
    separator: ";",
    missingFiles: ["compose.prod.yml"],
    misplacedSettings: ["compose.yml"],
    tag: "1.0.0",
    config: { name: "shop", services: { web: { image: "app" } }, networks: {} },
    warnings: "time=x level=warning",
    hashes: { web: "h1", redis: "h2" },
    containers: [
      { ...container, name: "shop-web-1" },
      { ...container, id: "c2", name: "shop-web-1" },
    ],
    listening: [22, 8080],
    current: 3,
    slots: "b",
    lock: "deploy by ada, since 10:00",
    maintenance: "database move",
    hooks: ["before-deploy", "after-revert"],
    kept: [2, 3],
    runs: [],
  })
})

test.each<[daemon: string, state: object]>([
  [
    '{"version":"1","architecture":"arm64","security":null,"errors":[]}',
    { version: "1", architecture: "arm64", security: [] },
  ],
  ['{"version":"","errors":["permission denied"]}', { error: "permission denied" }],
  ["sh: docker: not found\n", { error: "sh: docker: not found" }],
  [
    '{"id":"","version":"","errors":null}\nCannot connect to the Docker daemon.\nIs it running?\n',
    { error: "Cannot connect to the Docker daemon. Is it running?" },
  ],
  ["", { error: "docker is not there" }],
  ["null", { error: "null" }],
])("docker info %j", (daemon, state) => {
  expect(read(["daemon", daemon]).daemon).toEqual(state)
})

test.each<[current: string, release: number | undefined]>([
  ["3", 3],
  ["12\n", 12],
  ["0", undefined],
  ["", undefined],
  ["../elsewhere", undefined],
  ["3x", undefined],
])("the link to %j is release %s", (current, release) => {
  expect(read(["current", current]).current).toBe(release)
})

describe("the records of earlier rollouts", () => {
  const record = (release: number, at: string, rest = "") =>
    `run ${release}.abc\nverdict deployed\nrelease ${release}\nat ${at}\n${rest}`

  test("are read with values that have blanks, and may lack some", () => {
    const [run] = read([
      "runs",
      record(
        3,
        "2026-01-01T10:00:00Z",
        "services web api\nhashes web=h1 api=h2\nby Ada L. on laptop\ncommit \nms 1230\nreason it was so\ncommit_time 1700000000\nbranch main\n",
      ),
    ]).runs
    expect(run).toEqual({
      id: "3.abc",
      verdict: "deployed",
      release: 3,
      kind: "",
      repository: "",
      tag: "",
      digest: "",
      services: ["web", "api"],
      hashes: "web=h1 api=h2",
      by: "Ada L. on laptop",
      commit: "",
      at: "2026-01-01T10:00:00Z",
      ms: 1230,
      reason: "it was so",
      project: "",
      migrated: false,
      step: "",
      commitTime: 1_700_000_000,
      branch: "main",
    })
  })

  test("are in the order of their numbers, those of one number in the order of time", () => {
    const runs = [
      record(10, "2026-01-03"),
      record(9, "2026-01-02"),
      record(9, "2026-01-01"),
      record(2, "2026-01-04"),
    ]
    expect(read(["runs", runs.join("\n\n")]).runs.map(({ release, at }) => [release, at])).toEqual([
      [2, "2026-01-04"],
      [9, "2026-01-01"],
      [9, "2026-01-02"],
      [10, "2026-01-03"],
    ])
  })
})

describe("Compose's configuration", () => {
  test("may have commas left before a bracket, but not in a text", () => {
    const text =
      '{\n  "name": "shop",\n  "services": {\n    "web": {\n      "image": "a,}",\n      "ports": [\n        1,\n      ],\n    },\n  },\n}'
    expect(parseComposeConfig(text)).toEqual({
      name: "shop",
      services: { web: { image: "a,}", ports: [1] } },
      networks: {},
    })
  })

  test.each([
    [{}, 1],
    [{ deploy: null }, 1],
    [{ deploy: { replicas: 3 } }, 3],
    [{ deploy: { replicas: 3 }, scale: 2 }, 2],
    [{ scale: 0 }, 0],
  ])("%j wants %i containers", (service, count) => {
    expect(replicas(service)).toBe(count)
  })
})
