import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { attachProgram } from "../../../src/agent/program.ts"
import { runShell, shells } from "../../support/shells.ts"

let folder = ""
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), "seamless-attach-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A run's folder with an agent that says how it is called; of several the last one written is the newest. */
let age = 0
function run(id: string, files: { journal?: string; verdict?: string }): string {
  const path = join(folder, ".seamless/runs", id)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, "agent.sh"), 'echo "$@"\n')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  age += 1
  utimesSync(path, age, age)
  return path
}

const atWork = { journal: "12 locked\n13 begin 1 expect\n" }
const ended = (verdict: string) => ({
  journal: `12 locked\n20 verdict ${verdict}\n`,
  verdict: `${verdict}\n`,
})
const busy = { journal: "12 verdict busy\n", verdict: "busy\n" }
const stale = ended("stale")

describe.each(shells)("attaching to a run, with %s:", (shell) => {
  const attach = (id = "") => {
    const { code, stdout } = runShell(shell, attachProgram(), { cwd: folder, args: [id, "follow"] })
    return { code, said: stdout.trim() }
  }
  const follows = (id: string) => ({ code: 0, said: `follow .seamless/runs/${id}` })

  test("the newest one that had its turn, at work or ended in whatever way", () => {
    expect(attach()).toEqual({ code: 67, said: "" })
    run("1.aa", ended("deployed"))
    for (const verdict of ["deployed", "reverted", "refused", "stuck"]) {
      run(`2.${verdict}`, ended(verdict))
      expect(attach()).toEqual(follows(`2.${verdict}`))
    }
    run("3.aa", atWork)
    expect(attach()).toEqual(follows("3.aa"))
  })

  test("not one that was turned away while the other was at work", () => {
    run("2.aa", atWork)
    run("2.bb", busy)
    run("3.cc", stale)
    expect(attach()).toEqual(follows("2.aa"))
    rmSync(join(folder, ".seamless/runs/2.aa"), { recursive: true })
    expect(attach()).toEqual({ code: 67, said: "" })
  })

  test("one that has just been launched is waited for; one that never was is passed over", () => {
    run("1.aa", ended("deployed"))
    const path = run("2.bb", {})
    expect(attach()).toEqual(follows("1.aa"))
    const later = `(sleep 0.5; echo "12 locked" >'${path}/journal') >/dev/null 2>&1 &\n`
    const { stdout } = runShell(shell, later + attachProgram(), { cwd: folder, args: ["", "follow"] })
    expect(stdout.trim()).toBe("follow .seamless/runs/2.bb")
  })

  test("the one that is named, whatever became of it", () => {
    run("2.aa", atWork)
    run("2.bb", busy)
    expect(attach("2.bb")).toEqual(follows("2.bb"))
    expect(attach("9.zz")).toEqual({ code: 67, said: "" })
  })
})
