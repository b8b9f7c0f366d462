import { expect, test } from "vitest"
import { renderHistory, renderStatus } from "../../src/core/status.ts"
import { config, container, digest, empty, proxy, run, web, world } from "./support/world.ts"

const status = (state = world()) => renderStatus("deploy@host.test", state).split("\n")

test("the status of a host where a release serves", () => {
  const state = world({
    config: config({ web: web(), redis: { image: "redis:7" } }),
    containers: [
      container(),
      container({ id: "new", name: "shop-web-2", state: "exited", release: null }),
      proxy(),
    ],
  })
  expect(status(state)).toEqual([
    "host      deploy@host.test",
    "project   shop in /home/deploy/shop",
    `release   3: registry.test/app:1.0.0 ${digest("a")}`,
    "deployed  2026-01-01T10:00:00.000Z by ada@laptop, commit c0ffee",
    "proxy     shop-seamless-proxy running",
    "lock      free",
    "web       shop-web-1 running (release 3), shop-web-2 exited",
    "redis     not running",
    "",
  ])
})

test("the status before the first deploy", () => {
  expect(status(empty())).toEqual([
    "host      deploy@host.test",
    "project   shop in /home/deploy/shop",
    "release   none: nothing was deployed by Seamless",
    "proxy     none",
    "lock      free",
    "web       not running",
    "",
  ])
})

test("the status while another rollout runs, and after one was interrupted", () => {
  const runs = [run({ commit: "" }), run({ release: 4, verdict: "unfinished", step: "Pull it" })]
  const held = status(world({ runs, lock: "deploy by bob" }))
  expect(held).toContain("lock      held: deploy by bob")
  expect(held).toContain("running   release 4: Pull it")
  expect(held).toContain("deployed  2026-01-01T10:00:00.000Z by ada@laptop")
  expect(status(world({ runs }))).toContain(
    "stopped   release 4 was interrupted at: Pull it; the next deploy or recover brings it to an end",
  )
})

test("the status of a locked project", () => {
  expect(status(world({ maintenance: "database move" }))).toContain("locked    database move")
})

test("the status tells of a schema that is ahead, until a release serves that is newer than its migration", () => {
  const runs = [run(), run({ release: 4, verdict: "reverted", migrated: true })]
  const line =
    "schema    the migration of release 4 ran, and that release does not serve: the schema may be ahead"
  expect(status(world({ runs }))).toContain(line)
  expect(status(world({ runs: [...runs, run({ release: 5 })], current: 5 }))).not.toContain(line)
  expect(status(world({ runs: [run({ migrated: true })] }))).toHaveLength(status().length)
})

test("the history, newest first, the current release marked", () => {
  const runs = [
    run({ release: 2, tag: "0.9.0" }),
    run(),
    run({
      release: 4,
      verdict: "reverted",
      tag: "1.1.0",
      digest: digest("b"),
      by: "",
      reason: "web was not ready",
      ms: 61_000,
    }),
    run({ release: 5, kind: "rollback", verdict: "stuck", tag: "0.9.0" }),
  ]
  expect(renderHistory(world({ runs })).split("\n")).toEqual([
    "     5  rollback stuck  2026-01-01T10:00:00.000Z  4s200ms  registry.test/app:0.9.0  sha256:aaaaaaaaaaaa  by ada@laptop",
    "     4  deploy reverted  2026-01-01T10:00:00.000Z  1m1s  registry.test/app:1.1.0  sha256:bbbbbbbbbbbb  by ?: web was not ready",
    "*    3  deploy deployed  2026-01-01T10:00:00.000Z  4s200ms  registry.test/app:1.0.0  sha256:aaaaaaaaaaaa  by ada@laptop",
    "     2  deploy deployed  2026-01-01T10:00:00.000Z  4s200ms  registry.test/app:0.9.0  sha256:aaaaaaaaaaaa  by ada@laptop",
    "",
  ])
})

test("the history before the first deploy", () => {
  expect(renderHistory(empty())).toBe("nothing was deployed by Seamless\n")
})
