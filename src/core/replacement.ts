import type { Desired } from "./desired.ts"
import type { Container, HostState } from "./host-state.ts"
import type { Slots } from "./proxy-config.ts"
import type { ServiceRule } from "./service-rule.ts"

/** One service with the containers that it has now. */
export interface Replacement extends ServiceRule {
  old: Container[]
  stopped: Container[]
}

/** Releases are counted by host and project, failed ones too. */
export const nextRelease = ({ runs, current = 0 }: HostState) =>
  Math.max(current, 0, ...runs.map(({ release }) => release)) + 1

/** Name that Docker's DNS answers with the containers of one release. */
export const alias = (project: string, service: string, release: number) =>
  `${project}-${service}-r${release}`

/** The release whose Compose configuration a rollback restores; none when the one of today is the same, or it was not kept. */
export function restoredFrom(
  { kept, hashes }: HostState,
  { origin }: Pick<Desired, "origin">,
  replacements: readonly { service: string }[],
): number | undefined {
  if (origin === undefined || !kept.includes(origin.release)) return undefined
  return hashesOf(replacements, hashes) === origin.hashes ? undefined : origin.release
}

/** The hash of each service's configuration, as the record of a run has it. */
export const hashesOf = (replacements: readonly { service: string }[], hashes: HostState["hashes"]) =>
  replacements.map(({ service }) => `${service}=${hashes[service] ?? ""}`).join(" ")

/** The set of slots that the current release leaves free. */
export const freeSlots = ({ slots }: HostState): Slots => (slots === "a" ? "b" : "a")
