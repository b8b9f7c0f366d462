import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

let folder = mkdtempSync(join(tmpdir(), "seamless-verbs-"))
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), "seamless-verbs-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = ".seamless/runs/4.abc"
const path = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(path(name), "utf8")
function write(name: string, text: string): void {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), text)
}

/** Release 3 is current, release 4 is under way; the project's only service is web. */
function prepare(): void {
  const settings = ["PROJECT=shop", "RELEASE=4", "SLOTS=b", "OLD_SLOTS=a", "PROXY=shop-proxy", "NETWORK=net"]
  write(
    `${run}/settings`,
    `${[...settings, "TAG_VARIABLE=IMAGE_TAG", "TAG=1.1.0", "BASE_FILES=compose.yml", "ENV_FILE="].join("\n")}\n`,
  )
  write(".seamless/releases/3/slots", "a\n")
  write(".seamless/releases/4/slots", "b\n")
  symlinkSync("3", path(".seamless/releases/current"))
}

/**
 * Runs a call of the agent in which Docker and the programs in the proxy are what `fake` says, by cases of their arguments:
 * for Docker `PATTERN) …;;`. Answers whether it succeeded, what it asked of Docker, and why it failed.
 */
function call(shell: Shell, text: string, fake = "", more = "") {
  const program = `agent=$1 run=$2
set -- lib "$run"
. "$agent"
load_settings
docker() {
  echo "$*" >>calls
  case "$*" in ${fake}
  *) : ;; esac
}
${more}
if ${text}; then echo good; else echo bad; fi`
  const { stdout, stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile(), run],
    env: {},
  })
  expect(stderr).toBe("")
  const lines = (name: string) => (existsSync(path(name)) ? read(name).trim().split("\n") : [])
  return { answer: stdout.trim(), calls: lines("calls"), reason: lines(`${run}/reason`).join() }
}

describe.each(shells)("a step of the agent, with %s:", (shell) => {
  beforeEach(prepare)

  test("restart_policy: a container that died before it had its policy would not come back", () => {
    const fake = `"ps "*) echo new1;; "inspect "*) echo "$RUNS";;`
    const asked = "do_restart_policy web always"
    expect(call(shell, asked, fake, "RUNS=true")).toMatchObject({ answer: "good", reason: "" })
    expect(call(shell, asked, fake, "RUNS=false").reason).toBe("the new container of web has stopped")
    expect(call(shell, asked).answer).toBe("bad")
  })

  test("what Docker could not say is gone is not gone", () => {
    const removed = (fake: string) =>
      call(shell, "do_stop_old web 10 old1", `"rm "*) return 1;; ${fake}`, "taken() { echo 1; }")
    expect(removed("").answer).toBe("good")
    expect(removed('"ps "*) echo old1;;').answer).toBe("bad")
    expect(removed('"ps "*|"inspect "*) return 1;;').answer).toBe("bad")
  })

  test("migrate: what an earlier run could not remove goes first, or nothing is run", () => {
    const left = '"ps "*) echo half;;'
    expect(call(shell, "do_migrate web 9 true", `${left} "rm "*) return 1;;`).reason).toBe(
      "what is left of an earlier migration cannot be removed",
    )
    expect(call(shell, "undo_migrate", '"ps "*) return 1;;').answer).toBe("bad")
    expect(call(shell, "undo_migrate", left).calls).toContain("rm -f half")
  })

  test("remove_stopped: what runs again by now is left", () => {
    const { answer, calls } = call(shell, "do_remove_stopped web old1,old2", "*old1) echo running;;")
    expect(answer).toBe("bad")
    expect(calls).toEqual(["inspect --format {{.State.Status}} old1"])
  })

  test("start: a container that ends while its policy is taken away is left to the next step", () => {
    const once = '"ps "*) echo new1;; "update "*) [ -f refused ] || { : >refused; return 1; };;'
    expect(call(shell, "do_start web 2", once).answer).toBe("good")
    const { answer, reason } = call(
      shell,
      "do_start web 2",
      '"ps "*) echo new1;; "update "*) echo no >&2; return 1;;',
    )
    expect([answer, reason]).toEqual(["bad", "the restart policy of new1 cannot be held back: no"])
  })

  test("release_ports: is undone as far as it can be", () => {
    write(`${run}/policies/old1`, "on-failure:3\n")
    write(`${run}/policies/old2`, "no\n")
    const undo = "undo_release_ports web 10 old1,old2"
    const { answer, calls } = call(shell, undo, '"update "*old1) return 1;;')
    expect(answer).toBe("bad")
    expect(calls).toEqual([
      "start old1",
      "update --restart on-failure:3 old1",
      "start old2",
      "update --restart no old2",
    ])
  })

  test("release_ports: what is stopped comes back with the host, and has its own policy back at the end", () => {
    const { answer, calls } = call(
      shell,
      "do_release_ports web 10 old1,old2",
      '"inspect "*old1) echo on-failure:3;; "inspect "*) echo;;',
    )
    expect(answer).toBe("good")
    expect(calls.filter((line) => !line.startsWith("inspect"))).toEqual([
      "update --restart always old1",
      "stop --time 10 old1",
      "update --restart always old2",
      "stop --time 10 old2",
    ])
    expect([read(`${run}/policies/old1`), read(`${run}/policies/old2`)]).toEqual(["on-failure:3\n", "no\n"])
  })

  test("hold_ports: a proxy that cannot take the ports leaves them to the old version", () => {
    const hold = "do_hold_ports 10 old1,old2 30 api1"
    const { answer, calls } = call(shell, hold, '"start shop-proxy") return 1;;')
    expect(answer).toBe("bad")
    expect(calls).toEqual([
      "update --restart unless-stopped shop-proxy",
      ...["old1", "old2"].flatMap((id) => [`update --restart no ${id}`, `stop --time 10 ${id}`]),
      ...["update --restart no api1", "stop --time 30 api1"],
      "start shop-proxy",
      ...["start old1", "start old2", "start api1"],
    ])
  })

  test("the networks that came with a run go with its undo", () => {
    const before = '"network ls "*) echo front;;'
    const { calls } = call(shell, "note_networks", before)
    expect(calls).toEqual([expect.stringContaining("label=com.docker.compose.project=shop")])
    const removed = (fake: string) =>
      call(shell, "remove_networks", fake).calls.filter((line) => line.startsWith("network rm"))
    expect(removed(before)).toEqual([])
    expect(removed('"network ls "*) echo front; echo back;;')).toEqual(["network rm back"])
  })

  test("without a note of the networks from before none is taken for a new one", () => {
    call(shell, "note_networks", '"network ls "*) echo fro; return 1;;')
    expect(existsSync(path(`${run}/networks`))).toBe(false)
    const { calls } = call(shell, "remove_networks", '"network ls "*) echo front;;')
    expect(calls.filter((line) => line.startsWith("network rm"))).toEqual([])
  })

  describe("the first proxy", () => {
    const start = "do_proxy unless-stopped 8080:8080"
    beforeEach(() => {
      rmSync(path(".seamless/releases"), { recursive: true })
      write(`${run}/bootstrap.cfg`, "defaults\n")
    })

    test("starts with a release that has slots, so that an interrupted first deploy is no lost record", () => {
      expect(call(shell, start).answer).toBe("good")
      expect(read(".seamless/releases/current/slots")).toBe("a\n")
    })

    test("that cannot be removed keeps that release", () => {
      write(`${run}/proxy-created`, "")
      write(`${run}/first`, "")
      write(".seamless/releases/0/slots", "a\n")
      expect(call(shell, "undo_proxy", '"ps "*) echo proxy1;; "rm "*) return 1;;').answer).toBe("bad")
      expect(read(".seamless/releases/0/slots")).toBe("a\n")
      const silent = "docker_answers() { return 1; }"
      expect(call(shell, "undo_proxy", '"ps "*) return 1;;', silent).answer).toBe("bad")
      expect(read(".seamless/releases/0/slots")).toBe("a\n")
      expect(call(shell, "undo_proxy", '"ps "*) echo proxy1;;').answer).toBe("good")
      expect(existsSync(path(".seamless/releases/0"))).toBe(false)
    })
  })

  describe("on a full disk", () => {
    const releases = () => readdirSync(path(".seamless/releases")).sort()

    test("prune: without the list of what is kept nothing goes", () => {
      write(`${run}/facts`, "release 4\ndigest sha256:four\n")
      const cut = "head() { return 1; }"
      const { answer, reason } = call(shell, "do_prune repo 5", '"images "*) echo sha256:four;;', cut)
      expect([answer, reason]).toEqual(["bad", "the list of what is kept cannot be written"])
      expect(releases()).toEqual(["3", "4", "current"])
    })

    test("a verdict that cannot be written is none: the next run brings the run to an end", () => {
      call(shell, "verdict deployed", "", "say() { return 1; }")
      expect(existsSync(path(`${run}/verdict`))).toBe(false)
    })

    test("what could not be undone is known, though the journal cannot be written", () => {
      write(`${run}/plan`, "start\tDo start\tweb\n")
      write(`${run}/journal`, "1 begin 1 start\n")
      const stuck = "undo_start() { return 1; }; journal() { return 1; }"
      expect(call(shell, "backward", "", stuck).answer).toBe("bad")
    })
  })

  describe("with a proxy that", () => {
    /** The agent's own programs for the proxy, whose answer to `show stat` is in a file; a restart brings the durable one. */
    const proxy = `in_proxy() {
      { printf '%s\\n' "$proxy_library" 'api() { if [[ $1 == "show stat" ]]; then cat stat; elif [[ $1 != "show info" ]]; then echo "$1" >>api; fi; }' && cat; } |
        HOSTNAME=proxy bash -s -- "$@"
    }
    restart_proxy() { echo restart >>api; cp durable stat; }`
    const slot = (name: string, status: string, taken = true) => {
      const fields = Array.from({ length: 80 }, () => "0")
      Object.assign(fields, {
        0: "web_8080",
        1: name,
        17: status,
        73: taken ? "10.0.0.2:3000" : "127.0.0.1:1",
      })
      return `${fields.join(",")}\n`
    }
    const old = (status: string) => slot("a.web.1", status) + slot("b.web.1", "MAINT", false)
    const both = (oldStatus: string, newStatus: string) =>
      slot("a.web.1", oldStatus) + slot("b.web.1", newStatus)
    const asked = () => (existsSync(path("api")) ? read("api").trim().split("\n") : [])
    const freeA =
      "set server web_8080/a.web.1 state maint;set server web_8080/a.web.1 addr 127.0.0.1 port 1;set server web_8080/a.web.1 fqdn proxy"
    const restarted = slot("a.web.1", "MAINT", false) + slot("b.web.1", "no check")

    test.each<[what: string, step: string, stat: string, answer: string, asked: string[]]>([
      ["serves the new version: retire", "do_retire web", both("DRAIN", "no check"), "good", [freeA]],
      ["started anew before COMMIT: retire", "do_retire web", old("no check"), "good", ["restart"]],
      ["serves the new version: stop_old", "do_stop_old web 10 -", both("DRAIN", "no check"), "good", []],
      ["does not serve the new version: stop_old", "do_stop_old web 10 -", old("no check"), "bad", []],
      ["serves the new version: drain", "do_drain web 1", both("DRAIN", "no check"), "good", []],
      ["started anew after the switch: drain", "do_drain web 1", old("no check"), "bad", []],
      ["has nothing in the free slots: ready", "clear_slots b.web", old("no check"), "good", []],
      [
        "has an idle rest in the free slots: ready",
        "clear_slots a.web",
        both("DRAIN", "no check"),
        "good",
        [freeA],
      ],
      [
        "serves from the free slots: ready",
        "clear_slots a.web",
        both("no check", "DRAIN"),
        "good",
        ["restart"],
      ],
    ])("%s", (_, step, stat, answer, expected) => {
      write("stat", stat)
      write("durable", restarted)
      expect(call(shell, step, "", proxy).answer).toBe(answer)
      expect(asked()).toEqual(expected)
    })

    test.each(["do_retire web", "clear_slots a.web"])(
      "cannot be asked: %s does not start it anew",
      (step) => {
        const { answer, reason } = call(shell, step, "", `${proxy}\nin_proxy() { return 1; }`)
        expect([answer, reason]).toEqual(["bad", "the proxy shop-proxy cannot be asked what it serves"])
        expect(asked()).toEqual([])
      },
    )

    test("cannot be switched back: starts anew", () => {
      const fails = "set_servers() { return 1; }"
      write("durable", restarted)
      const runs = `"ps "*) echo proxy1;;`
      expect(call(shell, "undo_switch web", runs, `${proxy}\n${fails}`).answer).toBe("good")
      expect(asked()).toEqual(["restart"])
    })
  })
})
