import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { parseOutcome } from "../../../src/core/outcome.ts"
import { encodeSteps, type Step, type Verb } from "../../../src/core/step.ts"
import { agentFile, runShell, type Shell, shells } from "../../support/shells.ts"

// The agent's own lock, journal, step runner and undo; only what its verbs would do to Docker is replaced, by a line in a
// trace. A verb named in FAIL fails, an undo named in STUCK fails, one named in NOTHING had nothing to undo.
const program = `
agent=$1 run=$2
set -- lib "$run"
. "$agent"
trace() { name=$1; shift; { printf '%s' "$name"; [ $# = 0 ] || printf ' <%s>' "$@"; echo; } >>trace; }
among() { case " $1 " in *" $2 "*) ;; *) return 1 ;; esac; }
sync() { [ "$1" != "$state/releases" ] || ! among "$FAIL" sync; }
for verb in expect start ready switch restart_policy env stop_old; do
  eval "do_$verb() { trace do_$verb \\"\\$@\\"; ! among \\"\\$FAIL\\" $verb || fail '$verb said no'; }"
done
for verb in start ready switch; do
  eval "undo_$verb() {
    trace undo_$verb \\"\\$@\\"
    ! among \\"\\$NOTHING\\" $verb || return \\$nothing
    ! among \\"\\$STUCK\\" $verb
  }"
done
docker_answers() { trace docker_answers; }
run_plan`

const step = (verb: Verb, ...args: string[]): Step => ({
  verb,
  sentence: `Do ${verb} with ${args.join(" ")}`,
  args,
})

/** A rollout of the usual shape. */
const steps: Step[] = [
  step("expect", "web"),
  step("start", "web", "2"),
  step("ready", "web"),
  step("switch", "web"),
  step("commit"),
  step("restart_policy", "web"),
  step("env", "IMAGE_TAG"),
  step("stop_old", "web"),
]

let folder = mkdtempSync(join(tmpdir(), "seamless-run-"))
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), "seamless-run-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const text = (path: string) =>
  existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : ""

/** A run as the client unpacks it. */
function prepare(id: string, release: number, plan = steps): string {
  const run = `.seamless/runs/${id}`
  write(`${run}/plan`, encodeSteps(plan))
  write(
    `${run}/settings`,
    `PROJECT=shop\nRELEASE=${release}\nTAG_VARIABLE=IMAGE_TAG\nTAG=1.1.0\nBASE_FILES=compose.yml\nENV_FILE=\n`,
  )
  write(`${run}/owner`, `deploy by ${id}\n`)
  write(`${run}/log`, "")
  write(`${run}/release/compose.yml`, "services: {}\n")
  return run
}

/** Release 3 serves. */
function committed(release = 3): void {
  write(`.seamless/releases/${release}/compose.yml`, "")
  symlinkSync(String(release), join(folder, ".seamless/releases/current"))
}

const current = () => readlinkSync(join(folder, ".seamless/releases/current"))

/** Carries a run out and asks for its verdict, as the client does. */
function carryOut(shell: Shell, run: string, env: { FAIL?: string; STUCK?: string; NOTHING?: string } = {}) {
  const all = { FAIL: "", STUCK: "", NOTHING: "", ...env }
  const { stdout, stderr } = runShell(shell, program, {
    cwd: folder,
    args: [agentFile(), run],
    env: all,
  })
  expect(stderr).toBe("")
  const verdict = follow(shell, run)
  return { ...verdict, log: stdout, trace: text("trace").trim().split("\n") }
}

function follow(shell: Shell, run: string) {
  const { code, stdout, stderr } = runShell(shell, 'agent=$1; set -- follow "$2"; . "$agent"', {
    cwd: folder,
    args: [agentFile(), run],
  })
  return { code, said: stderr, outcome: parseOutcome(stdout) }
}

const done = ["do_expect <web>", "do_start <web> <2>", "do_ready <web>", "do_switch <web>"]
const afterCommit = ["do_restart_policy <web>", "do_env <IMAGE_TAG>", "do_stop_old <web>"]

describe.each(shells)("the agent's run, with %s:", (shell) => {
  test("every step once, in order, and COMMIT in between", () => {
    committed()
    const { code, outcome, trace, log } = carryOut(shell, prepare("4.abc", 4))
    expect(trace).toEqual([...done, ...afterCommit])
    expect(current()).toBe("4")
    expect(text(".seamless/releases/4/compose.yml")).toBe("services: {}\n")
    expect(code).toBe(0)
    expect(outcome).toMatchObject({ verdict: "deployed", undone: [], stuck: [] })
    expect(outcome?.steps.map(({ outcome: how }) => how)).toEqual(steps.map(() => "done"))
    expect(log.split("\n")[1]).toMatch(/^✔ Do start with web 2 \(\d+ ms\)$/)
  })

  test.each<[failing: Verb, undone: Verb[]]>([
    ["start", ["start"]],
    ["ready", ["ready", "start"]],
    ["switch", ["switch", "ready", "start"]],
  ])(
    "a failure in %s: what was begun is undone, newest first, and nothing is committed",
    (failing, undone) => {
      committed()
      const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4), { FAIL: failing })
      const begun = done.slice(0, done.findIndex((line) => line.startsWith(`do_${failing} `)) + 1)
      const undo = {
        start: "undo_start <web> <2>",
        ready: "undo_ready <web>",
        switch: "undo_switch <web>",
      } as Record<Verb, string>
      expect(trace).toEqual([...begun, ...undone.map((verb) => undo[verb])])
      expect(current()).toBe("3")
      expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(false)
      expect(code).toBe(20)
      expect(outcome).toMatchObject({ verdict: "reverted", reason: `${failing} said no`, stuck: [] })
      expect(outcome?.undone).toEqual(undone.map((verb) => steps.find((it) => it.verb === verb)?.sentence))
    },
  )

  test("an undo that fails does not keep the others from being done", () => {
    committed()
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4), { FAIL: "switch", STUCK: "ready" })
    expect(trace.slice(-5)).toEqual([
      "undo_switch <web>",
      ...["undo_ready <web>", "docker_answers", "undo_ready <web>"],
      "undo_start <web> <2>",
    ])
    expect(code).toBe(22)
    expect(outcome).toMatchObject({
      verdict: "stuck",
      undone: ["Do switch with web", "Do start with web 2"],
      stuck: ["Do ready with web"],
    })
  })

  test("an undo with nothing to undo is not told", () => {
    committed()
    const { code, outcome } = carryOut(shell, prepare("4.abc", 4), {
      FAIL: "switch",
      NOTHING: "ready switch",
    })
    expect(code).toBe(20)
    expect(outcome?.undone).toEqual(["Do start with web 2"])
  })

  test("after COMMIT a step that fails is done once more, as soon as Docker answers", () => {
    committed()
    const run = prepare("4.abc", 4)
    const twice = 'do_env() { trace do_env; [ -f again ] || { : >again; fail "env said no"; }; }'
    const args = [agentFile(), run]
    const env = { FAIL: "", STUCK: "", NOTHING: "" }
    runShell(shell, program.replace("run_plan", `${twice}\nrun_plan`), { cwd: folder, args, env })
    expect(text("trace").trim().split("\n").slice(-4)).toEqual([
      "do_env",
      "docker_answers",
      "do_env",
      "do_stop_old <web>",
    ])
    const { outcome } = follow(shell, run)
    expect(outcome?.verdict).toBe("deployed")
    expect(outcome?.reason).toBeUndefined()
    expect(outcome?.steps.map(({ outcome: how }) => how)).toEqual(steps.map(() => "done"))
  })

  test("after COMMIT a failure is told, and the rest is done all the same", () => {
    committed()
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4), { FAIL: "restart_policy env" })
    const [restart, env, stop] = afterCommit
    expect(trace).toEqual([...done, restart, "docker_answers", restart, env, "docker_answers", env, stop])
    expect(current()).toBe("4")
    expect(code).toBe(0)
    expect(outcome).toMatchObject({ verdict: "deployed", reason: "restart_policy said no" })
    expect(outcome?.steps.slice(4).map(({ outcome: how }) => how)).toEqual([
      "done",
      "failed",
      "failed",
      "done",
    ])
  })

  test("a COMMIT of which it is not known whether it will last is one", () => {
    committed()
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4), { FAIL: "sync" })
    expect([code, current(), outcome?.reason]).toEqual([0, "4", "the release cannot be made the current one"])
    expect(trace).toEqual([...done, ...afterCommit])
    expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(true)
  })

  test("a link that an agent left half made, when it was killed at its COMMIT, does not keep the next from its own", () => {
    committed()
    symlinkSync("3", join(folder, ".seamless/releases/current.new"))
    expect(carryOut(shell, prepare("4.abc", 4)).code).toBe(0)
    expect(current()).toBe("4")
    expect(readdirSync(join(folder, ".seamless/releases")).sort()).toEqual(["3", "4", "current"])
  })

  describe("a full disk", () => {
    // What is written there fails, as on a full disk.
    const full = (path: string) => symlinkSync("/dev/full", join(folder, path))

    test("a step whose begin cannot be written down does not act", () => {
      committed()
      const run = prepare("4.abc", 4)
      // Not /dev/full, which can be read for ever.
      const fill = 'do_expect() { rm "$run/journal"; ln -s nowhere/journal "$run/journal"; }'
      const env = { FAIL: "", STUCK: "", NOTHING: "" }
      const args = [agentFile(), run]
      runShell(shell, program.replace("run_plan", `${fill}\nrun_plan`), { cwd: folder, args, env })
      expect(text("trace")).toBe("")
      expect(text(`${run}/verdict`)).toBe("reverted\n")
      expect(text(`${run}/reason`)).toMatch(/^the journal cannot be written; is the disk of \S+ full\?\n$/)
    })

    test("a run that finds it full from the start does nothing", () => {
      committed()
      const run = prepare("4.abc", 4)
      full(`${run}/reserve`)
      const { code, outcome, trace } = carryOut(shell, run)
      expect([code, trace]).toEqual([21, [""]])
      expect(outcome?.reason).toBe(`the disk of ${folder} is full`)
      expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(false)
    })

    test("what was kept free for the reason and the verdict is gone at the end", () => {
      committed()
      for (const [index, FAIL] of ["", "start"].entries()) {
        const run = prepare(`${index + 4}.abc`, index + 4)
        carryOut(shell, run, { FAIL })
        expect(existsSync(join(folder, run, "reserve"))).toBe(false)
      }
    })
  })

  test("a step that fails without a word is named as the reason", () => {
    committed()
    const run = prepare("4.abc", 4, [step("public", "8080")])
    const env = { FAIL: "", STUCK: "", NOTHING: "" }
    const args = [agentFile(), run]
    runShell(shell, program.replace("run_plan", "do_public() { return 1; }\nrun_plan"), {
      cwd: folder,
      args,
      env,
    })
    expect(follow(shell, run).outcome).toMatchObject({
      verdict: "reverted",
      reason: "the step failed: Do public with 8080",
    })
  })

  test("arguments arrive as they were planned, whatever they hold", () => {
    committed()
    const odd = ["a  b", "*", "$(touch gone)", "`id`", "it's", '"', "\\n", "-n", "größe"]
    const { trace } = carryOut(shell, prepare("4.abc", 4, [step("expect", ...odd)]))
    expect(trace).toEqual([`do_expect ${odd.map((it) => `<${it}>`).join(" ")}`])
    expect(existsSync(join(folder, "gone"))).toBe(false)
  })

  test("a held lock: refused with the holder's name, and nothing is touched", () => {
    committed()
    write(".seamless/owner", "deploy by bob\n")
    const hold = `exec 8>.seamless/lock; flock 8; ${program}`
    const run = prepare("4.abc", 4)
    const env = { FAIL: "", STUCK: "", NOTHING: "" }
    runShell(shell, hold, { cwd: folder, args: [agentFile(), run], env })
    const { code, outcome } = follow(shell, run)
    expect(code).toBe(24)
    expect(outcome).toMatchObject({
      verdict: "busy",
      reason: "another rollout holds the lock: deploy by bob",
    })
    expect(text("trace")).toBe("")
    expect(text(".seamless/owner")).toBe("deploy by bob\n")
    expect(current()).toBe("3")
  })

  test("a held lock is nobody else's, even when the refusal cannot be written", () => {
    committed()
    write(".seamless/owner", "deploy by bob\n")
    const run = prepare("4.abc", 4)
    const hold = `exec 8>.seamless/lock; flock 8; ${program.replace("run_plan", "mv() { return 1; }; run_plan")}`
    const env = { FAIL: "", STUCK: "", NOTHING: "" }
    runShell(shell, hold, { cwd: folder, args: [agentFile(), run], env })
    expect(text("trace")).toBe("")
    expect(text(".seamless/owner")).toBe("deploy by bob\n")
  })

  test("somebody changed the containers meanwhile: the plan is stale, and nothing was done", () => {
    committed()
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4), { FAIL: "expect" })
    expect([code, outcome?.verdict, outcome?.reason]).toEqual([25, "stale", "expect said no"])
    expect(trace).toEqual(["do_expect <web>"])
    expect(current()).toBe("3")
    expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(false)
  })

  test("a project that was locked with a reason: refused with it, and nothing is touched", () => {
    committed()
    write(".seamless/maintenance", "database move\n")
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4))
    expect([code, outcome?.verdict]).toEqual([21, "refused"])
    expect(outcome?.reason).toBe("the project is locked: database move")
    expect(trace).toEqual([""])
  })

  test("a release of that number made meanwhile: the plan is stale", () => {
    committed(4)
    const { code, outcome, trace } = carryOut(shell, prepare("4.abc", 4))
    expect(code).toBe(25)
    expect(outcome?.reason).toBe("release 4 was made by somebody else meanwhile. Run it again")
    expect(trace).toEqual([""])
    expect(existsSync(join(folder, ".seamless/releases/4/compose.yml"))).toBe(true)
  })

  describe("an earlier run that was interrupted", () => {
    /** A run of which only the journal tells how far it came. */
    function interrupted(id: string, release: number, journal: string): void {
      const run = prepare(id, release)
      write(`${run}/journal`, journal)
      mkdirSync(join(folder, `.seamless/releases/${release}`), { recursive: true })
    }

    test("before COMMIT: is undone first", () => {
      committed()
      interrupted("4.old", 4, "1 begin 1 expect\n2 done 1\n3 begin 2 start\n4 done 2\n5 begin 3 ready\n")
      const { code, trace } = carryOut(shell, prepare("5.new", 5))
      expect(trace).toEqual(["undo_ready <web>", "undo_start <web> <2>", ...done, ...afterCommit])
      expect(text(".seamless/runs/4.old/verdict")).toBe("reverted\n")
      expect(text(".seamless/runs/4.old/reason")).toBe("interrupted\n")
      expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(false)
      expect([code, current()]).toEqual([0, "5"])
    })

    test("after COMMIT: is brought to its end first, from the step that was not done", () => {
      const until = steps
        .slice(0, 6)
        .flatMap(({ verb }, index) => [`1 begin ${index + 1} ${verb}`, `1 done ${index + 1}`])
      interrupted("4.old", 4, `${until.join("\n")}\n2 begin 7 env\n`)
      committed(4)
      const { code, trace } = carryOut(shell, prepare("5.new", 5))
      expect(trace).toEqual(["do_env <IMAGE_TAG>", "do_stop_old <web>", ...done, ...afterCommit])
      expect(text(".seamless/runs/4.old/verdict")).toBe("deployed\n")
      expect([code, current()]).toEqual([0, "5"])
    })

    test("what its agent has left running is ended first, and nothing else", () => {
      committed()
      interrupted("4.old", 4, "1 begin 1 expect\n2 done 1\n3 begin 2 start\n")
      const run = prepare("5.new", 5)
      const amid = `
        SEAMLESS_RUN=.seamless/runs/4.old /bin/sleep 60 & left=$!
        SEAMLESS_RUN=.seamless/runs/5.new /bin/sleep 0.5 & own=$!
        run_plan
        wait $left; [ $? = 137 ] && wait $own`
      const env = { FAIL: "", STUCK: "", NOTHING: "" }
      const args = [agentFile(), run]
      const { code } = runShell(shell, program.replace("run_plan", amid), { cwd: folder, args, env })
      expect([code, follow(shell, run).code]).toEqual([0, 0])
    })

    test("by a client that knew fewer settings: is undone all the same", () => {
      committed()
      interrupted("4.old", 4, "1 begin 1 expect\n2 done 1\n3 begin 2 start\n")
      write(".seamless/runs/4.old/settings", "PROJECT=shop\nRELEASE=4\n")
      const { code, trace } = carryOut(shell, prepare("5.new", 5))
      expect(trace).toEqual(["undo_start <web> <2>", ...done, ...afterCommit])
      expect([code, text(".seamless/runs/4.old/verdict")]).toEqual([0, "reverted\n"])
    })

    test("before its first step: has done nothing, whatever its number is by now", () => {
      committed(4)
      write(`${prepare("4.old", 4)}/journal`, "1 locked\n")
      const { code, trace } = carryOut(shell, prepare("5.new", 5))
      expect(trace).toEqual([...done, ...afterCommit])
      expect(text(".seamless/runs/4.old/verdict")).toBe("stale\n")
      expect([code, current()]).toEqual([0, "5"])
    })

    test("before its first step, with its release in place already: takes that back", () => {
      committed()
      interrupted("4.old", 4, "1 locked\n")
      rmSync(join(folder, ".seamless/runs/4.old/release"), { recursive: true })
      carryOut(shell, prepare("5.new", 5))
      expect(existsSync(join(folder, ".seamless/releases/4"))).toBe(false)
    })

    test("is left alone when it has its verdict, or never began", () => {
      committed()
      interrupted("2.old", 2, "1 begin 2 start\n2 failed 2\n")
      write(".seamless/runs/2.old/verdict", "reverted\n")
      write(`${prepare("4.unpacked", 4)}/docker/config.json`, "secret")
      expect(carryOut(shell, prepare("5.new", 5)).trace).toEqual([...done, ...afterCommit])
      expect(existsSync(join(folder, ".seamless/runs/4.unpacked/docker"))).toBe(false)
    })
  })

  test("whoever follows a run whose agent was killed is told so", () => {
    const run = prepare("4.abc", 4)
    write(`${run}/journal`, "1 begin 1 expect\n")
    write(`${run}/log`, "✔ first\n")
    write(`${run}/docker/config.json`, "secret")
    const { code, said, outcome } = follow(shell, run)
    expect([code, existsSync(join(folder, run, "docker"))]).toEqual([23, false])
    expect(said).toBe("✔ first\n")
    expect(outcome).toBeUndefined()
  })

  test("credentials of the pull are gone when the run has ended, however it ended", () => {
    committed()
    for (const [index, FAIL] of ["", "start"].entries()) {
      const run = prepare(`${index + 4}.abc`, index + 4)
      write(`${run}/docker/config.json`, "secret")
      carryOut(shell, run, { FAIL })
      expect(existsSync(join(folder, run, "docker"))).toBe(false)
    }
  })
})
