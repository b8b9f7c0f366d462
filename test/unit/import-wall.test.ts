import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"

const wall = "lint/style/noRestrictedImports"
const globals = "lint/style/noRestrictedGlobals"
const pure = "plugin"

/** Folder of a file, its text, and the rules of ours that it breaks. */
const cases: [folder: string, text: string, ...rules: string[]][] = [
  ["src/core", 'import y from "node:fs"', wall],
  ["src/core", 'import { y } from "@dagger.io/dagger"', wall],
  ["src/core", 'import { y } from "../host/y.ts"', wall],
  ["src/core", 'import { y } from "./plan/../../host/y.ts"', wall],
  ["src/core", 'import type { y } from "../index.ts"', wall],
  ["src/core", 'export { y } from "../index.ts"', wall],
  ["src/core/plan", 'import { y } from "../../host/y.ts"', wall],
  ["src/core/plan", 'import { y } from "execa"', wall],
  ["src/core", 'export const y = () => import("node:fs")', wall, pure],

  ["src/core", 'import { y } from "./y.ts"'],
  ["src/core", 'import { y } from "./plan/y.ts"'],
  ["src/core/plan", 'import { y } from "./y.ts"'],
  ["src/core/plan", 'import { y } from "../y.ts"'],
  ["src/core/plan", 'import { y } from "../state/y.ts"'],
  ["src/host", 'import { y } from "../core/y.ts"'],
  ["src/host", 'import y from "node:fs"'],

  ["src/core", "export async function y(p) { await p }", pure],
  ["src/core", "export const y = () => new Date()", globals],
  ["src/core", "export const y = () => Math.random()", pure],
  ["src/core", "export const y = () => process.env.HOME", globals],
  ["src/core", "export const y = () => fetch('x')", globals],
  [
    "src/host",
    "export async function y(p) { await p; return [new Date(), Math.random(), process.env.HOME] }",
  ],
]

let root: string
/** File and rule of each diagnostic. */
let found: { file: string; rule: string }[]

/** Lints all cases at once, in a folder that has our configuration. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "seamless-wall-"))
  for (const file of ["biome.json", "scripts/pure-core.grit"]) cpSync(file, join(root, file))
  cases.forEach(([folder, text], index) => {
    const file = join(root, folder, `case${index}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${text}\n`)
  })
  const args = ["lint", "--vcs-enabled=false", "--reporter=github", "--max-diagnostics=none", "."]
  const { stdout } = spawnSync(resolve("node_modules/.bin/biome"), args, { cwd: root, encoding: "utf8" })
  found = [...stdout.matchAll(/^::\w+ title=([^,]+),file=([^,]+)/gm)].map(([, rule = "", file = ""]) => ({
    file,
    rule,
  }))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

test.each(cases.map(([folder, text, ...rules], index) => ({ folder, text, rules, index })))(
  "$folder: $text → $rules",
  ({ folder, rules, index }) => {
    const broken = found
      .filter(({ file }) => file.endsWith(`/${folder}/case${index}.ts`))
      .map(({ rule }) => rule)
    const ours = [wall, globals, pure].filter((rule) => broken.includes(rule))
    expect(ours).toEqual(rules)
  },
)
