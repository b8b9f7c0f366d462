import { describe, expect, test } from "vitest"
import type { Desired } from "../../src/core/desired.ts"
import type { HostState } from "../../src/core/host-state.ts"
import {
  bound,
  commands,
  config,
  container,
  desired,
  digest,
  empty,
  plan,
  port,
  proxy,
  run,
  verbs,
  web,
  world,
} from "./support/world.ts"

/** The version that runs already. */
const same = () => desired({ tag: "1.0.0", digest: digest("a") })

describe("the steps", () => {
  test("of the first deploy", () => {
    expect(commands(plan(empty()))).toEqual([
      "expect web -",
      `disk registry.test/app ${digest("b")} 500 5`,
      `pull registry.test/app@${digest("b")}`,
      "pull haproxy:lts",
      "keep_config",
      "start web 1",
      "proxy unless-stopped 8080:8080",
      "ready web 3 60 3000 /health 200 shop-web-r1 web_8080:3000",
      "proxy_config",
      "switch web",
      "public 127.0.0.1 8080 8080 /health 200 10",
      "soak web 5 5 3000 /health 200",
      "restart_policy web unless-stopped",
      "commit",
      "retire web",
      "env IMAGE_TAG 1.1.0 COMPOSE_FILE compose.yml:.seamless/releases/current/compose.yml",
      "prune registry.test/app 5",
    ])
  })

  test("of the next deploy", () => {
    expect(commands(plan())).toEqual([
      "expect web old1",
      `disk registry.test/app ${digest("b")} 500 5`,
      `pull registry.test/app@${digest("b")}`,
      "keep_config",
      "start web 2",
      "proxy unless-stopped 8080:8080",
      "ready web 3 60 3000 /health 200 shop-web-r4 web_8080:3000",
      "proxy_config",
      "switch web",
      "public 127.0.0.1 8080 8080 /health 200 10",
      "drain web 30",
      "soak web 5 5 3000 /health 200",
      "restart_policy web unless-stopped",
      "commit",
      "retire web",
      "env IMAGE_TAG 1.1.0 COMPOSE_FILE compose.yml:.seamless/releases/current/compose.yml",
      "stop_old web 10 old1",
      "prune registry.test/app 5",
    ])
  })

  test("of the next deploy, for people", () => {
    expect(plan().steps.map(({ sentence }) => sentence)).toEqual([
      "Check that web still has the 1 container seen",
      "Check that the disk has room for the image and 500 MB more",
      "Pull registry.test/app:1.1.0 by its digest, unless it is on the host",
      "Keep the Compose configuration for a rollback",
      "Start 1 container of web 1.1.0 next to the 1 that serve",
      "Check that the proxy answers",
      "Wait until web is ready: 3 answers 200 in a row on /health, within 1m",
      "Check that the proxy accepts the configuration of this release",
      "Switch: new requests for web go to the new version",
      "Check web through the published port 8080",
      "Drain the old web: requests in flight end, within 30s",
      "Watch web for 5s with the old version still running",
      "Give web its restart policy, unless-stopped",
      "Commit: from here on this release is the one that serves after a restart",
      "Take the old web out of the proxy",
      "Write IMAGE_TAG=1.1.0 to .env",
      "Stop the old web with its grace period of 10s, and remove it",
      "Remove the images that none of the last 5 releases needs",
    ])
  })

  test("of three replicas: all start beside the old ones, all old ones are stopped, by id", () => {
    const old = ["c", "a", "b"].map((id) => container({ id, name: `shop-web-${id}` }))
    const state = world({
      config: config({ web: web({ deploy: { replicas: 3 } }) }),
      containers: [...old, proxy()],
    })
    expect(commands(plan(state))).toEqual(
      expect.arrayContaining(["expect web a,b,c", "start web 6", "stop_old web 10 a,b,c"]),
    )
  })

  test("of two services: each phase for both, then the next", () => {
    const state = world({
      config: config({ web: web(), api: web({ ports: [port(9090, 4000)] }) }),
      containers: [
        container(),
        container({ id: "old2", name: "shop-api-1", service: "api" }),
        proxy({ ports: { ...bound(8080), ...bound(9090) } }),
      ],
    })
    expect(verbs(plan(state))).toEqual([
      ...[
        "expect",
        "expect",
        "disk",
        "pull",
        "keep_config",
        "start",
        "start",
        "proxy",
        "ready",
        "ready",
        "proxy_config",
      ],
      ...["switch", "switch", "public", "public", "drain", "drain", "soak", "soak"],
      ...["restart_policy", "restart_policy", "commit", "retire", "retire", "env", "stop_old", "stop_old"],
      "prune",
    ])
    expect(commands(plan(state))).toContain("ready api 3 60 4000 /health 200 shop-api-r4 api_9090:4000")
  })

  test("of a service with two ports: one is asked for health, both are switched", () => {
    const state = empty({ config: config({ web: web({ ports: [port(8080), port(80, 3001)] }) }) })
    expect(commands(plan(state))).toEqual(
      expect.arrayContaining([
        "proxy unless-stopped 8080:8080 80:64080",
        "ready web 3 60 3000 /health 200 shop-web-r1 web_8080:3000 web_80:3001",
        "public 127.0.0.1 8080 8080 /health 200 10",
      ]),
    )
    expect(verbs(plan(state)).filter((verb) => verb === "public")).toHaveLength(1)
    const other = plan(state, desired({ health: { path: "/up", port: 3001, status: 204, count: 1 } }))
    expect(commands(other)).toEqual(
      expect.arrayContaining([
        "ready web 1 60 3001 /up 204 shop-web-r1 web_8080:3000 web_80:3001",
        "public 127.0.0.1 80 64080 /up 204 10",
      ]),
    )
  })

  test.each([
    ["127.0.0.1", "public 127.0.0.1 8080 8080 /health 200 10"],
    ["0.0.0.0", "public 127.0.0.1 8080 8080 /health 200 10"],
    ["::", "public 127.0.0.1 8080 8080 /health 200 10"],
    ["10.0.0.5", "public 10.0.0.5 8080 8080 /health 200 10"],
    ["::1", "public ::1 8080 8080 /health 200 10"],
  ])("of a port on the address %s: the public check goes there", (hostIp, check) => {
    const ports = [port(8080, 3000, hostIp)]
    expect(commands(plan(empty({ config: config({ web: web({ ports }) }) })))).toContain(check)
  })

  test("of one port on two addresses: one backend, both checked", () => {
    const ports = [port(8080, 3000, "127.0.0.1"), port(8080, 3000, "10.0.0.5")]
    const steps = commands(plan(empty({ config: config({ web: web({ ports }) }) })))
    expect(steps).toEqual(
      expect.arrayContaining([
        "proxy unless-stopped 127.0.0.1:8080:8080 10.0.0.5:8080:8080",
        "ready web 3 60 3000 /health 200 shop-web-r1 web_8080:3000",
        "public 127.0.0.1 8080 8080 /health 200 10",
        "public 10.0.0.5 8080 8080 /health 200 10",
      ]),
    )
  })

  test.each<[what: string, service: Parameters<typeof web>[0], wanted: Partial<Desired>, soak?: string]>([
    ["Docker's own five seconds", {}, {}, "soak web 5 5 3000 /health 200"],
    ["monitor", { deploy: { update_config: { monitor: "12s" } } }, {}, "soak web 12 5 3000 /health 200"],
    ["a part of a second, rounded up", {}, { soak: 1_200 }, "soak web 2 5 3000 /health 200"],
    [
      "--soak before monitor",
      { deploy: { update_config: { monitor: "12s" } } },
      { soak: 3_000 },
      "soak web 3 5 3000 /health 200",
    ],
    ["--soak 0", {}, { soak: 0 }],
    ["monitor 0", { deploy: { update_config: { monitor: "0s" } } }, {}],
    [
      "failure_action continue",
      { deploy: { update_config: { failure_action: "continue" } } },
      { soak: 9_000 },
    ],
  ])("of the soak: %s", (_, service, wanted, soak) => {
    const soaks = commands(plan(world({ config: config({ web: web(service) }) }), desired(wanted)))
    expect(soaks.filter((command) => command.startsWith("soak"))).toEqual(soak === undefined ? [] : [soak])
  })

  test("with the grace period and the restart policy of the Compose file", () => {
    const service = web({ stop_grace_period: "1m30s", restart: "on-failure:3" })
    expect(commands(plan(world({ config: config({ web: service }) })))).toEqual(
      expect.arrayContaining(["restart_policy web on-failure:3", "stop_old web 90 old1"]),
    )
    const { restart: _, ...none } = web()
    expect(verbs(plan(world({ config: config({ web: none }) })))).not.toContain("restart_policy")
  })

  test("with what is not there of what the service depends on, once", () => {
    const needs = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, { condition: "service_started" }]))
    const state = (running: string[]) =>
      world({
        config: config({
          web: web({ depends_on: needs("redis", "db", "api") }),
          api: web({ ports: [port(9090)], depends_on: needs("db") }),
          redis: { image: "redis:7" },
          db: { image: "postgres:17" },
        }),
        containers: [
          container(),
          container({ id: "api1", service: "api" }),
          ...["redis", "db"].map((service) =>
            container({
              id: service,
              service,
              release: null,
              state: running.includes(service) ? "running" : "exited",
            }),
          ),
          proxy({ ports: { ...bound(8080), ...bound(9090) } }),
        ],
      })
    expect(commands(plan(state(["redis"])))).toContain("dependencies db")
    expect(commands(plan(state([])))).toContain("dependencies redis db")
    expect(verbs(plan(state(["redis", "db"])))).not.toContain("dependencies")
  })

  test("remove containers that do not run, and do not count them as serving", () => {
    const stopped = container({ id: "dead", state: "exited", release: "2" })
    const one = plan(world({ containers: [container(), stopped, proxy()] }))
    expect(commands(one)).toEqual(
      expect.arrayContaining([
        "expect web dead,old1",
        "remove_stopped web dead",
        "start web 2",
        "stop_old web 10 old1",
      ]),
    )
    const created = container({ id: "young", state: "created" })
    expect(commands(plan(world({ containers: [created, proxy()] })))).toEqual(
      expect.arrayContaining(["expect web young", "remove_stopped web young", "start web 1"]),
    )
  })

  test("leave a container of `docker compose run` alone", () => {
    const oneoff = container({ id: "shell", oneoff: "True" })
    expect(commands(plan(world({ containers: [container(), oneoff, proxy()] })))).toEqual(commands(plan()))
  })

  test("have no drain and nothing to stop where the old one is gone", () => {
    const names = verbs(plan(world({ containers: [proxy()] })))
    expect(names).toContain("soak")
    expect(names).not.toContain("drain")
    expect(names).not.toContain("stop_old")
  })

  test("list the user's Compose files before the release's", () => {
    expect(commands(plan(world({ files: ["compose.yml", "compose.prod.yml"] })))).toContain(
      "env IMAGE_TAG 1.1.0 COMPOSE_FILE compose.yml:compose.prod.yml:.seamless/releases/current/compose.yml",
    )
  })
})

describe("adoption: the old containers hold the ports themselves", () => {
  const own = container({ release: null, ports: bound(8080, 3000) })
  const state = empty({ containers: [own], listening: [8080] })

  test("is refused without leave to have a gap", () => {
    expect(() => plan(state)).toThrow(
      "services: web holds its published ports itself, and a port has one owner\n  → allow it once with --allow-gap",
    )
  })

  test("frees the ports only when the new version has booted", () => {
    const steps = commands(plan(state, desired({ allowGap: true })))
    expect(steps.slice(5, 9)).toEqual([
      "start web 2",
      "booted web 60",
      "release_ports web 10 old1",
      "proxy no 8080:8080",
    ])
    expect(steps.at(-2)).toBe("stop_old web 10 old1")
  })

  test("hands the ports to the proxy for good as soon as it is committed", () => {
    const steps = commands(plan(state, desired({ allowGap: true })))
    expect(steps.slice(steps.indexOf("commit") + 1, -1)).toEqual([
      "hold_ports 10 old1",
      "retire web",
      expect.stringMatching(/^env /),
      "stop_old web 10 old1",
    ])
  })

  test("is not needed when the old containers publish nothing, or the proxy is there already", () => {
    expect(verbs(plan(empty({ containers: [container({ release: null })] })))).not.toContain("release_ports")
    expect(verbs(plan(world(), desired({ allowGap: true })))).not.toContain("release_ports")
  })
})

describe("a migration", () => {
  const declares = (extension: unknown, services = { web: web() }) =>
    world({ config: { ...config(services), "x-seamless": extension } })

  test("runs once, when what it needs is there and before the new version starts", () => {
    const steps = commands(plan(world(), desired({ migrate: "npm run migrate", migrateTimeout: 90_000 })))
    expect(steps.slice(2, 6)).toEqual([
      `pull registry.test/app@${digest("b")}`,
      "keep_config",
      "migrate web 90 npm run migrate",
      "start web 2",
    ])
  })

  test("is what the Compose file says, unless the caller says another one", () => {
    const state = declares({ migrate: "rake db:migrate $$HOME" })
    expect(commands(plan(state))).toContain("migrate web 600 rake db:migrate $HOME")
    const steps = commands(plan(state, desired({ migrate: "true" })))
    expect(steps.filter((step) => step.startsWith("migrate"))).toEqual(["migrate web 600 true"])
  })

  test("is run once, for the first of several services", () => {
    const services = { web: web(), api: { ...web(), ports: [port(9090)] } }
    const state = empty({ config: config(services), containers: [], runs: [], slots: "" })
    const steps = commands(plan(state, desired({ migrate: "true" })))
    expect(steps.filter((step) => step.startsWith("migrate"))).toEqual(["migrate web 600 true"])
  })

  test("is none of a rollback: the schema of that time is not to be had", () => {
    const state = declares({ migrate: "rake db:migrate" })
    expect(verbs(plan(state, desired({ kind: "rollback", migrate: "true" })))).not.toContain("migrate")
  })

  test.each<[extension: unknown, error: string]>([
    ["rake", "x-seamless: it is not a mapping\n  → "],
    [{ migrat: "rake" }, "x-seamless.migrat: there is no such setting\n  → it has migrate"],
    [{ migrate: ["rake"] }, "x-seamless.migrate: it is not text\n  → "],
    [{ migrate: "a\nb" }, 'x-seamless.migrate: "a\\nb" is not a command on one line\n  → '],
  ])("%j is refused", (extension, error) => {
    expect(() => plan(declares(extension))).toThrow(error)
  })
})

describe("a rollback to a release of another configuration", () => {
  const origin = run({ release: 2, digest: digest("b"), hashes: "web=h0" })
  const back = (changes: Partial<Desired> = {}) => desired({ kind: "rollback", origin, ...changes })

  test("restores what that release kept, says so, and records it as that configuration", () => {
    const made = plan(world({ kept: [2, 3] }), back())
    expect(commands(made)).toContain("restore_config 2")
    expect(verbs(made)).not.toContain("keep_config")
    expect(made.warnings).toContain(
      "the Compose configuration has changed since release 2: that of release 2 is restored, until the next deploy",
    )
    expect(made.files.facts).toContain("hashes web=h0\n")
    expect(made.files["release/compose.yml"]).toContain(
      'extends: { file: "/home/deploy/shop/.seamless/releases/4/rendered.yml", service: "web" }',
    )
  })

  test("that was not kept uses that of today, and says so", () => {
    const made = plan(world({ kept: [3] }), back())
    expect(verbs(made)).toContain("keep_config")
    expect(made.warnings).toContain(
      "the Compose configuration has changed since release 2, which has not kept its own: that of today is used",
    )
    expect(made.files.facts).toContain("hashes web=h1\n")
  })

  test("is none when the configuration is the same", () => {
    const made = plan(world({ kept: [2, 3] }), back({ origin: { ...origin, hashes: "web=h1" } }))
    expect(verbs(made)).toContain("keep_config")
    expect(made.warnings).toEqual([])
    expect(made.files["release/compose.yml"]).not.toContain("extends")
  })
})

describe("hooks", () => {
  test("that are there run around the phases, the others make no step", () => {
    const state = world({ hooks: ["before-deploy", "before-switch", "after-commit", "after-revert"] })
    expect(
      commands(plan(state)).flatMap((step, index) => (step.startsWith("hook") ? [[index, step]] : [])),
    ).toEqual([
      [1, "hook before-deploy 300"],
      [9, "hook before-switch 300"],
      [20, "hook after-commit 300"],
    ])
    expect(verbs(plan(state)).slice(10, 11)).toEqual(["switch"])
    expect(verbs(plan(world({ hooks: ["after-revert"] })))).not.toContain("hook")
  })
})

test("a locked project is refused with the reason", () => {
  expect(() => plan(world({ maintenance: "database move (locked by ada)" }))).toThrow(
    "host: the project is locked: database move (locked by ada)\n  → wait, or take the lock away with unlock",
  )
})

describe("an older commit behind a newer one", () => {
  const serves = (changes: Partial<ReturnType<typeof run>> = {}) =>
    world({ runs: [run({ commit: "new", commitTime: 2_000, branch: "main", ...changes })] })
  const late = (changes: Partial<Desired> = {}) =>
    desired({ commit: "old", commitTime: 1_000, branch: "main", ...changes })

  test("is skipped, and told so", () => {
    expect(plan(serves(), late())).toMatchObject({
      steps: [],
      nothing: {
        verdict: "skipped",
        reason:
          "release 3 (1.0.0) is of a newer commit of this branch, new: give --force to deploy the older one all the same",
      },
    })
  })

  test.each<[what: string, state: HostState, wanted: Desired]>([
    ["forced", serves(), late({ force: true })],
    ["the newer one", serves(), late({ commitTime: 3_000 })],
    ["as old", serves(), late({ commitTime: 2_000 })],
    ["the same commit", serves(), late({ commit: "new" })],
    ["of another branch", serves(), late({ branch: "hotfix" })],
    ["of unknown age", serves(), (({ commitTime: _, ...rest }) => rest)(late())],
    ["a rollback", serves(), late({ kind: "rollback" })],
    ["behind one of unknown age", world({ runs: [run({ commit: "new" })] }), late()],
  ])("is deployed when it is %s", (_, state, wanted) => {
    expect(plan(state, wanted).steps.length).toBeGreaterThan(0)
  })
})

describe("nothing to do", () => {
  test("when this digest runs with this configuration", () => {
    expect(plan(world(), same())).toMatchObject({ steps: [], files: {}, warnings: [], services: ["web"] })
  })

  test.each<[what: string, changes: Partial<HostState>]>([
    ["another configuration", { hashes: { web: "h2" } }],
    ["another tag of the same digest", { runs: [run({ tag: "latest" })] }],
    ["another digest of the same tag", { runs: [run({ digest: digest("c") })] }],
    ["a replica missing", { containers: [proxy()] }],
    ["a replica too many", { containers: [container(), container({ id: "more" }), proxy()] }],
    [
      "a stopped container beside it",
      { containers: [container(), container({ id: "x", state: "exited" }), proxy()] },
    ],
    ["a container of another release", { containers: [container({ release: "2" }), proxy()] }],
    ["a container started by hand", { containers: [container({ release: null }), proxy()] }],
    ["the proxy stopped", { containers: [container(), proxy({ state: "exited" })], listening: [] }],
    ["the proxy gone", { containers: [container()], listening: [] }],
    ["another tag in .env", { tag: "0.9.0" }],
    ["something left undone after COMMIT", { runs: [run({ reason: "the old container did not stop" })] }],
    ["the record of a failure only", { runs: [run({ verdict: "reverted" })] }],
  ])("is not said of: %s", (_, changes) => {
    expect(plan(world(changes), same()).steps).not.toEqual([])
  })
})

describe("the number of the release", () => {
  test.each<[what: string, changes: Partial<HostState>, release: number]>([
    ["after release 3", {}, 4],
    ["after a failed 4", { runs: [run(), run({ release: 4, verdict: "reverted" })] }, 5],
    ["with lost records", { runs: [] }, 4],
  ])("%s", (_, changes, release) => {
    expect(plan(world(changes)).release).toBe(release)
  })

  test("of the first deploy is 1", () => {
    expect(plan(empty()).release).toBe(1)
  })
})

describe("refused", () => {
  const two = config({ web: web(), api: web({ ports: [port(9090)] }) })

  test("a service that would lose its route", () => {
    const state = world({
      config: two,
      runs: [run({ services: ["web", "api"], hashes: "" })],
      containers: [container(), container({ id: "api1", service: "api" }), proxy()],
    })
    expect(() => plan(state, desired({ services: ["web"] }))).toThrow(
      "services: api would lose its route: the current release serves it too\n  → ",
    )
  })

  test("but a service that comes to the others is not", () => {
    const both = proxy({ ports: { ...bound(8080), ...bound(9090) } })
    expect(plan(world({ config: two, containers: [container(), both] })).services).toEqual(["web", "api"])
  })

  test("a proxy without a record of what it serves", () => {
    const state = world({ runs: [], slots: "" })
    expect(() => plan(state)).toThrow(
      /^projectDir: the proxy runs, but the record of what it serves is gone\n {2}→ .*docker rm -f shop-seamless-proxy/,
    )
  })

  test("a name that is too long for DNS", () => {
    const named = (length: number) => empty({ config: config({ ["a".repeat(length)]: web() }) })
    expect(plan(named(55)).steps).not.toEqual([])
    expect(() => plan(named(56))).toThrow(
      /^services\.a+: its name in the proxy, shop-a+-r1, is longer than the 63 characters of a DNS name\n {2}→ shorten/,
    )
  })

  test("services that share no network", () => {
    const services = {
      web: web({ networks: { front: null } }),
      api: web({ ports: [port(9090)], networks: { back: null } }),
    }
    const networks = { front: { name: "front" }, back: { name: "back" } }
    expect(() => plan(empty({ config: { ...config(services), networks } }))).toThrow(
      "services: web, api share no network\n  → ",
    )
  })
})

describe("only the services asked for", () => {
  const services = { web: web(), api: web({ ports: [port(9090)] }), redis: { image: "redis:7" } }
  const state = empty({ config: config(services) })

  test.each([
    [["web"], ["web"]],
    [
      ["api", "web"],
      ["api", "web"],
    ],
    [[], ["web", "api"]],
  ])("%j gives %j", (asked, planned) => {
    expect(plan(state, desired({ services: asked })).services).toEqual(planned)
  })
})

describe("warnings", () => {
  test("name who may call the service by its name, the lock's holder, and an interrupted rollout", () => {
    const state = world({
      config: config({
        web: web(),
        worker: { image: "worker", depends_on: { web: { condition: "service_started" } } },
        redis: { image: "redis:7" },
      }),
      lock: "deploy by bob@ci",
      runs: [run(), run({ release: 4, verdict: "unfinished" })],
    })
    expect(plan(state).warnings).toEqual([
      "worker may call web by its service name: Docker answers with the new version before it is ready",
      "another rollout holds the lock now: deploy by bob@ci",
      "an earlier rollout was interrupted; it is brought to an end first",
    ])
  })

  test("are none in the simplest world", () => {
    expect(plan().warnings).toEqual([])
  })
})

describe("what the agent gets", () => {
  test("its settings, the owner's line and the facts for the record", () => {
    const { files } = plan(world({ envFileFound: true }), desired({ envFile: "prod.env" }))
    expect(files.settings?.split("\n")).toEqual([
      "PROJECT=shop",
      "RELEASE=4",
      "SLOTS=b",
      "OLD_SLOTS=a",
      "PROXY=shop-seamless-proxy",
      "PROXY_IMAGE=haproxy:lts",
      "NETWORK=shop_default",
      "TAG_VARIABLE=IMAGE_TAG",
      "TAG=1.1.0",
      "BASE_FILES=compose.yml",
      "ENV_FILE=prod.env",
      "",
    ])
    expect(files.owner).toBe(
      "deploy of registry.test/app:1.1.0 by ada@laptop, commit c0ffee, since 2026-01-02T10:00:00.000Z",
    )
    expect(files.facts?.split("\n")).toEqual([
      "project shop",
      "release 4",
      "kind deploy",
      "repository registry.test/app",
      "tag 1.1.0",
      `digest ${digest("b")}`,
      "services web",
      "hashes web=h1",
      "by ada@laptop",
      "commit c0ffee",
      "commit_time ",
      "branch main",
      "at 2026-01-02T10:00:00.000Z",
      "",
    ])
  })

  test("no line that a name could add", () => {
    const { files } = plan(world(), desired({ by: "eve\nverdict deployed\r\nx" }))
    expect(files.facts).toContain("by eve verdict deployed x\n")
    expect(files.owner?.split("\n")).toHaveLength(1)
  })

  test("on the first deploy a proxy that serves nothing yet", () => {
    const { files } = plan(empty())
    expect(files["bootstrap.cfg"]).not.toContain("shop-web")
    expect(files["release/haproxy.cfg"]).toContain("server-template a.web. 1-1 shop-web-r1:3000 ")
    expect(files["release/slots"]).toBe("a\n")
    expect(files["release/compose.yml"]).toContain(`image: "registry.test/app@${digest("b")}"`)
  })
})
