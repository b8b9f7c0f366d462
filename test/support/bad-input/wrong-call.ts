import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Lab } from "../lab.ts"
import { hostAccess, registryAccess } from "../seamless.ts"
import type { Call, Project, WrongInput, WrongInputs } from "./wrong-input.ts"

/** The command line of a wrong call: a good one of the lab, with what is wrong in it. */
export function wrongCall(
  { call = "plan", options, project }: WrongInput,
  lab: Lab,
  files: string,
): string[] {
  const place: WrongInput["options"] = project === undefined ? {} : { "project-dir": project.name }
  const all: WrongInput["options"] = { ...goodOptions(call, lab), ...place, ...options }
  const fill = (value: string) => value.replace("{keys}", lab.keysDir).replace("{files}", files)
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}=${fill(value)}`],
  )
  return [call, ...given]
}

function goodOptions(call: Call, lab: Lab): Record<string, string> {
  const registry = parse(registryAccess(lab))
  const host = parse(hostAccess(lab))
  if (call === "publish") return { ...registry, source: "examples/app" }
  if (call === "plan" || call === "deploy") return { ...registry, ...host, image: "1.0.0" }
  return { ...host, "project-dir": "app" }
}

/** `--name=value` as name and value. */
const parse = (options: readonly string[]) =>
  Object.fromEntries(options.map((option) => /^--([^=]+)=(.*)$/s.exec(option)?.slice(1) ?? []))

/** Files that the wrong calls name, by path; `{files}` stands for their folder. */
const content = {
  empty: "",
  password: "wrong",
  "misspelt/Dockerfile": "FORM node:24-slim\n",
  "copies/Dockerfile": "FROM node:24-slim\nCOPY missing.js /\n",
  "failing/Dockerfile":
    'FROM node:24-slim\nRUN echo compiling && echo "main.ts:3: type error" >&2 && exit 2\n',
  "loopback/Dockerfile": `FROM node:24-slim\nEXPOSE 3000\n${listensOnLoopback()}\n`,
}

/** The command of an app that nobody outside its container reaches. */
export function listensOnLoopback(): string {
  const app = "require('http').createServer((_, answer) => answer.end()).listen(3000, '127.0.0.1')"
  return `CMD ["node", "-e", "${app}"]`
}

/** Makes the files that the tables name in a new folder. */
export async function makeFiles({ keysDir }: Lab): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wrong-input-"))
  const hostKey = (await readFile(join(keysDir, "known_hosts"), "utf8")).replaceAll(/^\S+/gm, "*")
  for (const [path, text] of Object.entries({ ...content, any_host: hostKey })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

/** Makes the projects of the tables on the host, and a user who may not use Docker. */
export async function makeProjects(lab: Lab, groups: readonly WrongInputs[]): Promise<void> {
  const projects = groups.flatMap(({ cases }) => cases.flatMap(({ project }) => project ?? []))
  const visitor =
    "useradd -m -s /bin/sh -p '*' visitor && cp /etc/lab/authorized_keys/deploy /etc/lab/authorized_keys/visitor"
  const command = ["set -e", visitor, ...projects.map(makeProject)].join("\n")
  const { code, stderr } = await lab.exec(command, { as: "root" })
  if (code !== 0) throw new Error(`the projects cannot be made: ${stderr}`)
}

function makeProject({ name, compose, prepare = ":" }: Project): string {
  const file = compose === undefined ? "" : `cat >compose.yml <<'YAML'\n${compose}YAML\n`
  return `mkdir /home/deploy/${name}\ncd /home/deploy/${name}\n${file}chown -R deploy:deploy .\n${prepare}`
}
