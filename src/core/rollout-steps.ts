import type { Desired } from "./desired.ts"
import { InputError } from "./errors.ts"
import type { HostState } from "./host-state.ts"
import { holdsPorts, proxyOf } from "./ports.ts"
import { alias, nextRelease, type Replacement } from "./replacement.ts"
import type { Step } from "./step.ts"
import { envStep, holdPortsStep, pruneStep, restartPolicyStep, retireStep, stopStep } from "./steps/commit.ts"
import {
  configStep,
  diskStep,
  expectStep,
  hookStep,
  migrateStep,
  proxyImageStep,
  pullStep,
} from "./steps/prepare.ts"
import { dependencyStep, proxyStep, releasePortsSteps, removeStoppedStep, startStep } from "./steps/start.ts"
import { drainStep, publicStep, readyStep, soakStep, switchStep } from "./steps/switch.ts"

/**
 * The steps in their order: whatever can fail comes before the switch, what could lose a request before the commit, and
 * the old version is stopped last.
 *
 * @throws InputError when the old version holds its ports itself and a gap is not allowed.
 */
export function rolloutSteps(
  state: HostState,
  desired: Desired,
  project: string,
  replacements: readonly Replacement[],
): Step[] {
  const each = (steps: (replacement: Replacement) => Step[]) => replacements.flatMap(steps)
  const proxyRuns = proxyOf(state, project)?.state === "running"
  const adopted = proxyRuns ? [] : replacements.filter(({ old }) => old.some(holdsPorts))
  if (adopted.length > 0 && !desired.allowGap) {
    const names = adopted.map(({ service }) => service).join(", ")
    const hint =
      "allow it once with --allow-gap: the old version is stopped before the proxy takes its ports; later deploys have no gap"
    throw new InputError(
      "services",
      `${names} holds its published ports itself, and a port has one owner`,
      hint,
    )
  }
  return [
    ...each(expectStep),
    ...hookStep(state, "before-deploy"),
    diskStep(desired),
    pullStep(desired),
    ...proxyImageStep(state, project, desired),
    ...dependencyStep(state, project, replacements),
    configStep(state, desired, replacements),
    ...migrateStep(replacements, desired),
    ...each(removeStoppedStep),
    ...each((replacement) => startStep(replacement, desired)),
    ...adopted.flatMap((replacement) => releasePortsSteps(replacement, desired)),
    proxyStep(state, project, replacements, adopted),
    ...each((replacement) =>
      readyStep(replacement, desired, alias(project, replacement.service, nextRelease(state))),
    ),
    {
      verb: "proxy_config",
      sentence: "Check that the proxy accepts the configuration of this release",
      args: [],
    },
    ...hookStep(state, "before-switch"),
    ...each(switchStep),
    ...each((replacement) => publicStep(replacement, desired)),
    ...each((replacement) => drainStep(replacement, desired)),
    ...each((replacement) => soakStep(replacement, desired)),
    ...each(restartPolicyStep),
    {
      verb: "commit",
      sentence: "Commit: from here on this release is the one that serves after a restart",
      args: [],
    },
    ...holdPortsStep(adopted),
    ...each(retireStep),
    envStep(state, desired),
    ...each(stopStep),
    pruneStep(desired),
    ...hookStep(state, "after-commit"),
  ]
}
