import { type ComposeConfig, parseComposeConfig } from "./compose.ts"

/** A container as `docker inspect` tells it, without its environment. */
export interface Container {
  id: string
  name: string
  image: string
  state: string
  /** Compose project and service, from the labels that Compose sets. */
  project: string | null
  service: string | null
  oneoff: string | null
  /** Number of the release that started it, if Seamless did. */
  release: string | null
  /** Project whose proxy it is. */
  proxy: string | null
  ports: Record<string, { HostIp: string; HostPort: string }[] | null> | null
}

/** One earlier rollout as its folder on the host tells it. */
export interface Run {
  /** Name of the folder. */
  id: string
  project: string
  /** `deployed`, `reverted`, `refused`, `stuck` or `unfinished`. */
  verdict: string
  release: number
  /** `deploy` or `rollback`. */
  kind: string
  repository: string
  tag: string
  digest: string
  services: string[]
  /** Hash of each service's configuration, the tag left out. */
  hashes: string
  by: string
  commit: string
  /** When it was asked for: ISO 8601, by the clock of the client. */
  at: string
  /** Milliseconds that the host worked on it. */
  ms: number
  reason: string
  /** Whether its migration was begun. */
  migrated: boolean
  /** Sentence of the step that an unfinished run began last. */
  step: string
  /** Seconds since 1970 at which the commit was made. */
  commitTime?: number
  branch: string
}

/** Everything that the plan needs to know of a host. */
export interface HostState {
  /** Tools the agent needs and the host lacks. */
  missing: string[]
  daemon: { version: string; architecture: string; security: string[] } | { error: string }
  /** Version of the Compose plugin, or what was said instead. */
  compose: string
  /** Home of the SSH user. */
  home: string
  /** Absolute path of the project; absent when it is not there. */
  directory?: string
  writable: boolean
  envFileFound: boolean
  files: string[]
  /** What parts the files in COMPOSE_FILE. */
  separator: string
  missingFiles: string[]
  /** Compose files with an `x-seamless` that is not at the top level. */
  misplacedSettings: string[]
  /** What `.env` gives the tag variable. */
  tag: string
  /** Absent when Compose refuses the configuration; `warnings` says why. */
  config?: ComposeConfig
  warnings: string
  hashes: Record<string, string>
  containers: Container[]
  /** TCP ports on which anything listens. */
  listening: number[]
  /** Number of the release that is committed. */
  current?: number
  /** Set of the proxy's slots that the committed release has: `a` or `b`; empty without one. */
  slots: string
  /** Who holds the lock. */
  lock?: string
  /** Why nobody may deploy, and who said so. */
  maintenance?: string
  /** Names of the hooks that are there and may be executed. */
  hooks: string[]
  /** Releases whose Compose configuration is kept. */
  kept: number[]
  runs: Run[]
}

/** The run that made the current release. */
export const committedRun = ({ runs, current }: HostState): Run | undefined =>
  runs.find(({ release, verdict }) => release === current && verdict === "deployed")

/** Facts as the host printed them: a line each, `name<TAB>base64`. A name may come more than once. */
export function parseFacts(output: string): Map<string, string[]> {
  const facts = new Map<string, string[]>()
  for (const line of output.split("\n")) {
    // Login scripts of the host may print lines of their own.
    const [, name, value] = /^([\w.]+)\t([A-Za-z0-9+/]*={0,2})$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    facts.set(name, [...(facts.get(name) ?? []), decode(value)])
  }
  return facts
}

/** The state of a host from what its read script printed. */
export function parseHostState(output: string): HostState {
  const facts = parseFacts(output)
  const text = (name: string) => facts.get(name)?.[0]?.trim() ?? ""
  const directory = text("directory")
  const config = text("config")
  const current = text("current")
  return {
    missing: words(text("missing")),
    daemon: parseDaemon(text("daemon")),
    compose: text("compose"),
    home: text("home"),
    ...(directory === "" ? {} : { directory }),
    writable: facts.has("writable"),
    envFileFound: facts.has("env_file"),
    files: lines(text("files")),
    separator: text("separator") || ":",
    missingFiles: words(text("missing_files")),
    misplacedSettings: words(text("misplaced")),
    tag: text("tag"),
    ...(config === "" ? {} : { config: parseComposeConfig(config) }),
    warnings: text("warnings"),
    hashes: Object.fromEntries(lines(text("hashes")).map((line) => words(line) as [string, string])),
    containers: lines(text("containers")).map((line) => parseContainer(line)),
    listening: lines(text("listening")).map((hex) => Number.parseInt(hex, 16)),
    ...(/^\d+$/.test(current) && current !== "0" ? { current: Number(current) } : {}),
    slots: text("slots"),
    ...(facts.has("lock") ? { lock: lines(text("lock")).join(", ") } : {}),
    ...(facts.has("maintenance") ? { maintenance: text("maintenance") } : {}),
    hooks: words(text("hooks")),
    kept: words(text("kept")).map(Number),
    runs: text("runs")
      .split("\n\n")
      .filter((block) => block !== "")
      .map(parseRun)
      .sort((a, b) => a.release - b.release || a.at.localeCompare(b.at)),
  }
}

function parseDaemon(text: string): HostState["daemon"] {
  try {
    const { version, architecture, security, errors } = JSON.parse(text)
    if (errors?.length > 0) return { error: String(errors[0]) }
    return { version, architecture, security: security ?? [] }
  } catch {
    // Beside the error Docker prints the facts that it knows without its daemon.
    const said = lines(text).filter((line) => !line.startsWith("{"))
    return { error: said.join(" ") || "docker is not there" }
  }
}

function parseContainer(line: string): Container {
  const container = JSON.parse(line) as Container
  return { ...container, name: container.name.replace(/^\//, "") }
}

export function parseRun(text: string): Run {
  const facts = new Map(lines(text).map((line) => split(line)))
  const fact = (name: string) => facts.get(name) ?? ""
  return {
    id: fact("run"),
    project: fact("project"),
    verdict: fact("verdict"),
    release: Number(fact("release")),
    kind: fact("kind"),
    repository: fact("repository"),
    tag: fact("tag"),
    digest: fact("digest"),
    services: words(fact("services")),
    hashes: fact("hashes"),
    by: fact("by"),
    commit: fact("commit"),
    at: fact("at"),
    ms: Number(fact("ms") || 0),
    reason: fact("reason"),
    migrated: fact("migrated") === "yes",
    step: fact("step"),
    ...(fact("commit_time") === "" ? {} : { commitTime: Number(fact("commit_time")) }),
    branch: fact("branch"),
  }
}

function split(line: string): [string, string] {
  const at = line.indexOf(" ")
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)]
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "")
const words = (text: string) => text.split(/\s+/).filter((word) => word !== "")

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
}
