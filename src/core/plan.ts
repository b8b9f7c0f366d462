import type { ComposeConfig } from "./compose.ts"
import { declaredMigration } from "./declared.ts"
import type { Desired } from "./desired.ts"
import { InputError } from "./errors.ts"
import { type Container, committedRun, type HostState, type Run } from "./host-state.ts"
import { checkPorts, isContainerOf, proxyOf } from "./ports.ts"
import { checkHost } from "./preflight.ts"
import { releaseFiles } from "./release-files.ts"
import { alias, hashesOf, nextRelease, type Replacement, restoredFrom } from "./replacement.ts"
import { rolloutSteps } from "./rollout-steps.ts"
import { selectServices, serviceRule } from "./service-rule.ts"
import { encodeSteps, type Step } from "./step.ts"

/** What is going to happen on one host. */
export interface Plan {
  project: string
  directory: string
  /** Number that the release gets. */
  release: number
  services: string[]
  /** Which rule each service gets and why. */
  rules: string[]
  warnings: string[]
  /** In this order; none when there is nothing to do. */
  steps: Step[]
  /** Why there is nothing to do. */
  nothing?: { verdict: "unchanged" | "skipped"; reason: string }
  /** What the agent gets beside its own text, by name. */
  files: Record<string, string>
}

/**
 * The steps that make a host run what is desired, in the order that loses no request: start next to the old version,
 * ready, switch, confirm, drain, soak, commit, and only then stop the old one.
 *
 * @throws InputError for everything that the rollout would trip over: nothing has changed by then.
 */
export function planRollout(state: HostState, desired: Desired, projectDir: string): Plan {
  const { directory, config } = checkHost(state, desired, projectDir)
  checkMaintenance(state)
  const project = config.name
  const replacements = selectServices(config, desired).map((name): Replacement => {
    const own = state.containers.filter((container) => isContainerOf(container, project, name))
    const running = (container: Container) => container.state === "running"
    return {
      ...serviceRule(config, name, desired),
      old: own.filter(running),
      stopped: own.filter((container) => !running(container)),
    }
  })
  const wanted = withMigration(desired, config)
  const routes = replacements.flatMap((replacement) => replacement.routes)
  checkManaged(state, project, replacements)
  checkPorts(state, project, routes)
  const release = nextRelease(state)
  checkAliases(project, release, replacements)
  const draft = {
    project,
    directory,
    release,
    services: replacements.map(({ service }) => service),
    rules: replacements.map(({ why }) => why),
  }
  const today = hashesOf(replacements, state.hashes)
  const hashes =
    restoredFrom(state, desired, replacements) === undefined ? today : (desired.origin?.hashes ?? "")
  const nothing = nothingToDo(state, desired, project, replacements, hashes)
  if (nothing !== undefined) return { ...draft, nothing, warnings: [], steps: [], files: {} }
  const steps = rolloutSteps(state, wanted, project, replacements)
  return {
    ...draft,
    warnings: warn(state, desired, replacements),
    steps,
    files: {
      plan: encodeSteps(steps),
      ...releaseFiles(state, desired, project, release, replacements, hashes),
    },
  }
}

/** No DNS server can answer for a longer name: after a restart the proxy would find no version at all. */
function checkAliases(project: string, release: number, replacements: readonly Replacement[]): void {
  const long = replacements.find(({ service }) => alias(project, service, release).length > 63)
  if (long === undefined) return
  throw new InputError(
    `services.${long.service}`,
    `its name in the proxy, ${alias(project, long.service, release)}, is longer than the 63 characters of a DNS name`,
    "shorten the name of the service or of the project",
  )
}

/** What is committed must be what the host shows: guessing here would cut a running version off. */
function checkManaged(state: HostState, project: string, replacements: readonly Replacement[]): void {
  const names = replacements.map(({ service }) => service)
  const committed = state.runs.find(
    ({ release, verdict }) => release === state.current && verdict === "deployed",
  )
  const forgotten = committed?.services.filter((service) => !names.includes(service)) ?? []
  if (forgotten.length > 0) {
    const hint =
      "deploy the services of one project together: leave --services out, and give them one repository"
    throw new InputError(
      "services",
      `${forgotten.join(", ")} would lose its route: the current release serves it too`,
      hint,
    )
  }
  if (proxyOf(state, project) !== undefined && state.slots === "") {
    const hint = `restore .seamless from a backup, or remove the proxy (docker rm -f ${proxyOf(state, project)?.name}) to begin anew with a gap`
    throw new InputError("projectDir", "the proxy runs, but the record of what it serves is gone", hint)
  }
  const networks = new Set(replacements.map(({ network }) => network.name))
  if (networks.size > 1) {
    throw new InputError(
      "services",
      `${names.join(", ")} share no network`,
      "attach them to one network that is not internal",
    )
  }
}

/** A lock with a reason is meant for everybody, whatever they want to deploy. */
function checkMaintenance({ maintenance }: HostState): void {
  if (maintenance === undefined) return
  throw new InputError(
    "host",
    `the project is locked: ${maintenance}`,
    "wait, or take the lock away with unlock",
  )
}

/** What is to be migrated: what the caller says, or else the Compose file. */
function withMigration({ migrate: asked, ...desired }: Desired, config: ComposeConfig): Desired {
  const migrate = asked ?? declaredMigration(config)
  // An earlier release again: the schema it had is not to be had by running its migration.
  return migrate === undefined || desired.kind !== "deploy" ? desired : { ...desired, migrate }
}

function nothingToDo(
  state: HostState,
  desired: Desired,
  project: string,
  replacements: readonly Replacement[],
  hashes: string,
): Plan["nothing"] {
  if (isRunning(state, desired, project, replacements, hashes))
    return { verdict: "unchanged", reason: `${desired.tag} with this configuration already runs` }
  const newer = newerRelease(state, desired)
  if (newer === undefined) return undefined
  const serves = `release ${newer.release} (${newer.tag}) is of a newer commit of this branch, ${newer.commit}`
  return { verdict: "skipped", reason: `${serves}: give --force to deploy the older one all the same` }
}

/** Two pipelines may overtake each other: the one with the older commit must not win by being late. */
function newerRelease(
  state: HostState,
  { kind, force, commit, commitTime, branch }: Desired,
): Run | undefined {
  const committed = committedRun(state)
  if (kind !== "deploy" || force || committed === undefined) return undefined
  if (commitTime === undefined || committed.commitTime === undefined) return undefined
  const behind =
    committed.branch === branch && committed.commit !== commit && committed.commitTime > commitTime
  return behind ? committed : undefined
}

/**
 * Same digest, same configuration, all of it running and reachable, and nothing was left undone after COMMIT: nothing to do.
 */
function isRunning(
  state: HostState,
  desired: Desired,
  project: string,
  replacements: readonly Replacement[],
  hashes: string,
): boolean {
  const committed = committedRun(state)
  return (
    committed?.digest === desired.digest &&
    committed.tag === desired.tag &&
    committed.hashes === hashes &&
    committed.reason === "" &&
    state.tag === desired.tag &&
    proxyOf(state, project)?.state === "running" &&
    replacements.every(
      ({ old, stopped, replicas }) =>
        old.length === replicas &&
        stopped.length === 0 &&
        old.every(({ release }) => release === String(state.current)),
    )
  )
}

function warn(state: HostState, desired: Desired, replacements: readonly Replacement[]): string[] {
  const warnings = []
  const { origin } = desired
  if (origin !== undefined && hashesOf(replacements, state.hashes) !== origin.hashes) {
    const what = `the Compose configuration has changed since release ${origin.release}`
    const restored = restoredFrom(state, desired, replacements) !== undefined
    warnings.push(
      restored
        ? `${what}: that of release ${origin.release} is restored, until the next deploy`
        : `${what}, which has not kept its own: that of today is used`,
    )
  }
  const names = replacements.map(({ service }) => service)
  const callers = Object.entries(state.config?.services ?? {}).filter(
    ([name, { depends_on }]) =>
      !names.includes(name) && Object.keys(depends_on ?? {}).some((dependency) => names.includes(dependency)),
  )
  for (const [name] of callers)
    warnings.push(
      `${name} may call ${names.join(", ")} by its service name: Docker answers with the new version before it is ready`,
    )
  if (state.lock !== undefined) warnings.push(`another rollout holds the lock now: ${state.lock}`)
  if (state.runs.some(({ verdict }) => verdict === "unfinished"))
    warnings.push("an earlier rollout was interrupted; it is brought to an end first")
  return warnings
}
