import type { Desired } from "../../src/core/desired.ts"
import { committedRun, type HostState } from "../../src/core/host-state.ts"
import type { Outcome } from "../../src/core/outcome.ts"
import { type Plan, planRollout } from "../../src/core/plan.ts"
import { encodeSteps, type Step } from "../../src/core/step.ts"
import { applyPlan, readHost } from "../../src/rollout.ts"
import type { Lab } from "../support/lab.ts"
import { LabHost } from "../support/lab-host.ts"
import { daggerCall, registryAccess } from "../support/seamless.ts"
import { build } from "../support/stories.ts"
import type { World } from "./worlds.ts"

/** Versions in the lab's registry, by tag. */
export type Images = Record<string, string>

const repository = "registry:5000/app"

/** Builds three versions of the example app and pushes them. */
export async function publishImages(lab: Lab): Promise<Images> {
  const images: Images = {}
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    const { code, stdout, stderr } = await daggerCall([
      ...["publish", ...registryAccess(lab), ...build(version), `--tags=${version}`],
    ])
    const digest = /@(sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1]
    if (code !== 0 || digest === undefined) throw new Error(stderr)
    images[version] = digest
  }
  return images
}

/** The in-process client: the same core, agent and order of things as the module's deploy. */
export class Client {
  readonly host: LabHost

  constructor(
    lab: Lab,
    private readonly images: Images,
  ) {
    this.host = new LabHost(lab)
  }

  read = (): Promise<HostState> => readHost({ host: this.host, projectDir: "app", composeFiles: [] })

  /** A version that does not serve now, and is not this one. */
  other(state: HostState, not?: string): string {
    const tags = Object.keys(this.images).filter((tag) => tag !== committedRun(state)?.tag && tag !== not)
    return tags[0] as string
  }

  async plan(tag: string, changes: Partial<Desired> = {}, wish: World["wish"] = () => ({})): Promise<Plan> {
    const wanted = {
      ...desired,
      tag,
      digest: this.images[tag] as string,
      at: new Date().toISOString(),
      ...changes,
    }
    const place = { host: this.host, projectDir: "app", composeFiles: [] }
    const state = await readHost(place, wanted)
    return planRollout(state, { ...wanted, ...wish(state) }, "app")
  }

  apply = (plan: Plan): Promise<Outcome> =>
    applyPlan(this.host, plan, `${plan.release}.${crypto.randomUUID().slice(0, 8)}`)

  /** As the module does it: what was planned for another state of the host is planned again. */
  async deploy(tag: string): Promise<{ plan: Plan; outcome: Outcome }> {
    for (let attempt = 1; ; attempt++) {
      const plan = await this.plan(tag, { soak: 0 })
      const outcome = await this.apply(plan)
      if (outcome.verdict !== "stale" || attempt === 3) return { plan, outcome }
    }
  }
}

const desired: Omit<Desired, "tag" | "digest" | "at"> = {
  repository,
  services: [],
  tagVariable: "IMAGE_TAG",
  health: { path: "/health", status: 200, count: 3 },
  readyTimeout: 10_000,
  publicTimeout: 5_000,
  drainTimeout: 2_000,
  soak: 1_000,
  errorRate: 5,
  proxyImage: "haproxy:lts",
  allowGap: true,
  migrateTimeout: 10_000,
  diskReserve: 10,
  keep: 2,
  force: true,
  branch: "",
  kind: "deploy",
  by: "tester@lab",
  commit: "",
}

/** The plan with a step before the commit that fails, so that everything is undone. */
export function doomed(plan: Plan): Plan {
  const fails: Step = {
    verb: "pull",
    sentence: "Fail at the last moment",
    args: [`${repository}:no-such-tag`],
  }
  const steps = plan.steps.flatMap((step) => (step.verb === "commit" ? [fails, step] : [step]))
  return { ...plan, steps, files: { ...plan.files, plan: encodeSteps(steps) } }
}
