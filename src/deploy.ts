import type { HostOptions, Target } from "./access.ts"
import { connect } from "./access.ts"
import { conclude, failure } from "./core/conclusion.ts"
import type { Desired } from "./core/desired.ts"
import { parseDuration } from "./core/duration.ts"
import { InputError } from "./core/errors.ts"
import type { HostState } from "./core/host-state.ts"
import type { PlannedLabels } from "./core/labels.ts"
import { parseHealthPath, parseInteger, parseOptions, type RolloutOptions } from "./core/options.ts"
import { type Plan, planRollout } from "./core/plan.ts"
import { checkPlace } from "./core/preflight.ts"
import { parseReference, parseTag, sameRepository } from "./core/reference.ts"
import type { DeployReport, Timings } from "./core/report.ts"
import { rollbackTarget } from "./core/rollback-target.ts"
import { type DestinationOptions, destinations } from "./destinations.ts"
import type { Image } from "./image.ts"
import { imageTags } from "./image-tags.ts"
import { imageLabels } from "./labels.ts"
import { obtain, type Publication, parseWay, pushProven, type Way } from "./publication.ts"
import { resolveImage } from "./publish.ts"
import type { Destinations, Registry } from "./registry.ts"
import { type Attachment, applyPlan, followRun, readHost, waitForLock } from "./rollout.ts"
import type { SmokeTest } from "./smoke.ts"

/** Where the image comes from: built, or from the registry. */
export interface ImageSource extends Omit<Publication, "build"> {
  build?: Publication["build"]
  image?: string
}

/** What is known of it before anything is built. */
export type PlannedSource = Omit<ImageSource, "cache">

/** Stands for a digest that is not known yet, so that a plan can be checked before anything is pushed. */
const anyDigest = `sha256:${"0".repeat(64)}`

/**
 * The whole way. The host is read while the image is built, and refuses before anything is pushed.
 */
export async function deploy(
  from: ImageSource,
  to: Destinations,
  options: RolloutOptions,
  access: HostOptions,
  waitLock: string,
): Promise<DeployReport> {
  const watch = stopwatch()
  const patience = parseDuration(waitLock, "waitLock")
  const way = parseWay(from)
  const [destination, ...mirrors] = to
  if (from.build === undefined) refuseForBuilt(way, mirrors)
  const target = await connect(access, destination)
  const wanted = await want(from, destination, options)
  const [state, made] = await Promise.all([
    watch.time("read", readHost(target, wanted)),
    watch.time("build", build(from, to, way, wanted)),
  ])
  const first = planRollout(state, wanted, target.projectDir)
  if (first.nothing?.verdict === "skipped") return leaveAlone(target, first, wanted, watch)
  if (made === undefined) return rollOut(target, state, wanted, patience, watch)
  const { digest, notes: said } = await pushProven(made, to, wanted.tags, way, watch)
  const notes = [...wanted.notes, ...said]
  const also = mirrors.map(({ repository }) => repository)
  const [report, faults] = await afterBoth(
    rollOut(target, state, { ...wanted, digest, notes, also }, patience, watch),
    made.save(digest),
  )
  return { ...report, build: [...made.notes, ...faults] }
}

/** The first one decides how it ends, but not before the second one has ended too. */
async function afterBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [, done] = await Promise.all([first.catch(() => undefined), second])
  return [await first, done]
}

/** A scan that silently does not happen would be worse than none. */
function refuseForBuilt({ gates }: Way, mirrors: readonly Registry[]): void {
  const asked = { scanThreshold: gates.scan, signKey: gates.sign, also: mirrors[0] }
  const [name] = Object.entries(asked).find(([, value]) => value !== undefined) ?? []
  if (name === undefined) return
  const hint = "leave it out; the functions scan and sign take an image of the registry"
  throw new InputError(
    name,
    "it is for an image that is built, and --image names one that is there already",
    hint,
  )
}

/** What deploy would do, for people: nothing is built, pushed or changed. */
export async function planDeploy(
  from: PlannedSource,
  [destination, ...mirrors]: Destinations,
  options: RolloutOptions,
  access: HostOptions,
): Promise<string> {
  const target = await connect(access, destination)
  const wanted = await want(from, destination, options)
  const state = await readHost(target, wanted)
  const also = mirrors.map(({ repository }) => repository)
  return planText(target, from, { ...wanted, also }, planRollout(state, wanted, target.projectDir))
}

/** An earlier release again, by its digest: no build, and no registry when the image is still on the host. */
export async function rollback(
  release: number | undefined,
  options: RolloutOptions,
  access: HostOptions,
  login: Omit<DestinationOptions, "repository" | "also">,
  waitLock: string,
): Promise<DeployReport> {
  const watch = stopwatch()
  const patience = parseDuration(waitLock, "waitLock")
  const checked = { ...parseOptions(options), kind: "rollback" as const, at: new Date().toISOString() }
  const before = await connect(access)
  const found = await watch.time("read", readHost(before, { ...checked, tag: "-" }))
  checkPlace(found, before.projectDir)
  const run = rollbackTarget(found, release)
  const { repository, tag, digest } = run
  const [registry] = await destinations({ repository, ...login })
  const target = await connect(access, registry)
  const origin = {
    commit: run.commit,
    branch: run.branch,
    ...(run.commitTime === undefined ? {} : { commitTime: run.commitTime }),
  }
  const desired = { ...checked, ...origin, origin: run, repository, tag, digest, tags: [tag], notes: [] }
  const state = await watch.time("read", readHost(target, desired))
  return rollOut(target, state, desired, patience, watch)
}

/** The run of another client, to its verdict; `recover` first brings an interrupted one to an end. */
export async function attach(access: HostOptions, attachment: Attachment): Promise<DeployReport> {
  const { host, name, projectDir } = await connect(access)
  const outcome = await followRun(host, projectDir, "", attachment)
  if (outcome.verdict !== "deployed") throw failure(name, outcome)
  return conclude(name, outcome)
}

type Wanted = Desired & {
  tags: string[]
  /** What the caller should know about the image. */
  notes: string[]
  labels?: PlannedLabels
  /** Further repositories of the image. */
  also?: string[]
}

/** Checks the options and settles the tags; an image that was named is looked up. */
async function want(from: PlannedSource, destination: Registry, options: RolloutOptions): Promise<Wanted> {
  const checked = {
    ...parseOptions(options),
    kind: "deploy" as const,
    at: new Date().toISOString(),
    repository: destination.repository,
  }
  const { build, image, tags } = from
  if ((build === undefined) === (image === undefined)) {
    throw new InputError(
      "source",
      build === undefined ? "there is nothing to deploy" : "there are both a source and an image",
      "give either --source or --image",
    )
  }
  if (build !== undefined) {
    const { all, deployed, notes } = await imageTags(build.source, tags)
    const labels = imageLabels(from.labels, tags)
    return { ...checked, tag: deployed, tags: all, notes, labels, digest: anyDigest }
  }
  const reference = parseImage(image as string, destination)
  const digest = reference.digest ?? (await resolveImage(reference, destination))
  const tag = reference.tag ?? digest.slice("sha256:".length).slice(0, 12)
  return { ...checked, tag, tags: [tag], notes: [], digest }
}

/** `--image` may be a whole reference, or a tag of the repository. */
function parseImage(image: string, { repository }: Registry) {
  const reference = parseReference(/[/:@]/.test(image) ? image : `${repository}:${parseTag(image, "image")}`)
  if (!sameRepository(reference, repository)) {
    const hint = "give the image's own repository with --repository"
    throw new InputError("image", `${image} is not in the repository ${repository}`, hint)
  }
  if (reference.tag === undefined && reference.digest === undefined) {
    const hint = "say which version: nothing is deployed as latest by accident"
    throw new InputError("image", `${image} has neither a tag nor a digest`, hint)
  }
  return reference
}

/** Checks the options of a smoke test. */
export function smoke(raw: {
  healthPath: string
  healthPort?: number
  healthStatus: number
  healthCount: number
  smokeTimeout: string
  smokeEnv: string[]
}): SmokeTest {
  return {
    path: parseHealthPath(raw.healthPath),
    status: parseInteger(raw.healthStatus, "healthStatus", 100, 599),
    count: parseInteger(raw.healthCount, "healthCount", 1, 100),
    timeout: parseDuration(raw.smokeTimeout, "smokeTimeout"),
    env: raw.smokeEnv,
    ...(raw.healthPort === undefined ? {} : { port: parseInteger(raw.healthPort, "healthPort", 1, 65_535) }),
  }
}

async function build(
  { build, cache }: ImageSource,
  to: Destinations,
  way: Way,
  { labels }: Wanted,
): Promise<Image | undefined> {
  return build && labels && obtain({ build, cache }, to, way, labels)
}

function planText(
  { name }: Target,
  { build }: PlannedSource,
  { repository, tag, tags, notes, also = [] }: Wanted,
  plan: Plan,
): string {
  const image =
    build === undefined
      ? []
      : [
          "Build the image and test it in a container",
          `Push ${[repository, ...also].flatMap((each) => tags.map((it) => `${each}:${it}`)).join(", ")}`,
        ]
  const steps = [...image, ...plan.steps.map(({ sentence }) => sentence)].map(
    (sentence, index) => `${String(index + 1).padStart(3)}. ${sentence}`,
  )
  const head = `${plan.project} on ${name}, ${plan.directory}: release ${plan.release} with ${repository}:${tag}`
  const nothing = plan.nothing === undefined ? [] : [`nothing to do: ${plan.nothing.reason}`]
  const rules = plan.rules.map((rule) => `  ${rule}`)
  return `${[head, ...rules, ...[...notes, ...plan.warnings].map((warning) => `! ${warning}`), ...nothing, ...steps].join("\n")}\n`
}

/** The project directory that is meant when none is named: the repository's last name, in the SSH user's home. */
export const defaultProjectDir = (repository: string) =>
  parseReference(repository).path.split("/").at(-1) as string

/**
 * Carries the rollout out and tells how it went; one that did not end well is an error. When another rollout was quicker, the
 * host is read and the plan made again: a plan holds for the state that it was made for.
 *
 * @param patience Milliseconds to wait for another rollout that holds the lock.
 */
async function rollOut(
  target: Target,
  state: HostState,
  wanted: Wanted,
  patience: number,
  watch: Stopwatch,
): Promise<DeployReport> {
  const { host, name, projectDir } = target
  const left = () => patience - watch.read().totalMs
  for (let attempt = 1; ; attempt++) {
    const plan = planRollout(state, wanted, projectDir)
    if (plan.nothing !== undefined) return leaveAlone(target, plan, wanted, watch)
    const run = `${plan.release}.${crypto.randomUUID().slice(0, 8)}`
    const outcome = await watch.time("apply", applyPlan(host, plan, run))
    if (outcome.verdict === "deployed")
      return conclude(name, outcome, {
        tags: wanted.tags,
        ...alsoIn(wanted),
        warnings: [...wanted.notes, ...plan.warnings],
        ...watch.read(),
      })
    const again =
      (outcome.verdict === "stale" && attempt < attempts) || (outcome.verdict === "busy" && left() > 0)
    if (!again) throw failure(name, outcome)
    if (outcome.verdict === "busy")
      await watch.time("wait", waitForLock(host, plan.directory, Math.ceil(left() / 1000)))
    state = await watch.time("read", readHost(target, wanted))
  }
}

/** A host that changes faster than it can be read is left to others. */
const attempts = 5

function leaveAlone(
  { name }: Target,
  { project, release, services, nothing }: Plan,
  wanted: Wanted,
  watch: Stopwatch,
): DeployReport {
  const { repository, digest, tags, notes } = wanted
  return {
    verdict: nothing?.verdict ?? "unchanged",
    ...(nothing === undefined ? {} : { reason: nothing.reason }),
    host: name,
    project,
    release,
    image: repository,
    digest,
    tags,
    ...alsoIn(wanted),
    services,
    steps: [],
    ...(notes.length === 0 ? {} : { warnings: notes }),
    undone: [],
    ...watch.read(),
  }
}

const alsoIn = ({ also = [] }: Wanted) => (also.length === 0 ? {} : { also })

type Stopwatch = ReturnType<typeof stopwatch>

/** Milliseconds of each phase; phases may overlap. */
function stopwatch() {
  const began = Date.now()
  const timings: Timings = {}
  return {
    async time<T>(phase: keyof Timings, work: Promise<T>): Promise<T> {
      const since = Date.now()
      const result = await work
      timings[phase] = (timings[phase] ?? 0) + Date.now() - since
      return result
    },
    read: () => ({ timings, totalMs: Date.now() - began }),
  }
}
