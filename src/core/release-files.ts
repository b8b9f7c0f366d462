import type { Desired } from "./desired.ts"
import type { HostState } from "./host-state.ts"
import { overrideFile, unboundFile } from "./override.ts"
import { proxyConfig } from "./proxy-config.ts"
import { alias, freeSlots, type Replacement, restoredFrom } from "./replacement.ts"
import { oneLine } from "./text.ts"

/** What the host gets beside the plan: the release itself, and what the agent and its readers have to know of it. */
export function releaseFiles(
  state: HostState,
  desired: Desired,
  project: string,
  release: number,
  replacements: readonly Replacement[],
  hashes: string,
): Record<string, string> {
  const services = replacements.map(({ service }) => service)
  const { kind, repository, tag, by, commit, at } = desired
  const restored = restoredFrom(state, desired, replacements) !== undefined
  return {
    settings: settings(state, desired, project, release, replacements),
    owner: oneLine(`${kind} of ${repository}:${tag} by ${by}, commit ${commit || "unknown"}, since ${at}`),
    facts: facts(desired, project, release, services, hashes),
    "bootstrap.cfg": proxyConfig(
      replacements.flatMap(({ routes }) => routes),
      [],
    ),
    "release/compose.yml": overrideFile(
      replacements.map((replacement) => ({
        ...pinned(replacement, desired, project, release),
        ...(restored ? { rendered: `${state.directory}/.seamless/releases/${release}/rendered.yml` } : {}),
      })),
    ),
    "release/unbound.yml": unboundFile(services),
    "release/haproxy.cfg": releaseProxyConfig(state, replacements, project, release),
    "release/slots": `${freeSlots(state)}\n`,
  }
}

const pinned = (
  { service, network }: Replacement,
  { repository, digest }: Desired,
  project: string,
  release: number,
) => ({
  service,
  image: `${repository}@${digest}`,
  release,
  network: network.key,
  alias: alias(project, service, release),
})

function releaseProxyConfig(
  state: HostState,
  replacements: readonly Replacement[],
  project: string,
  release: number,
): string {
  const routes = replacements.flatMap((replacement) => replacement.routes)
  const servers = replacements.map(({ service, replicas }) => ({
    service,
    slots: freeSlots(state),
    replicas,
    alias: alias(project, service, release),
  }))
  return proxyConfig(routes, servers)
}

/** The agent's settings: NAME=value, a line each. */
function settings(
  state: HostState,
  desired: Desired,
  project: string,
  release: number,
  replacements: readonly Replacement[],
): string {
  const values = {
    PROJECT: project,
    RELEASE: String(release),
    SLOTS: freeSlots(state),
    OLD_SLOTS: freeSlots(state) === "a" ? "b" : "a",
    PROXY: `${project}-seamless-proxy`,
    PROXY_IMAGE: desired.proxyImage,
    NETWORK: replacements[0]?.network.name ?? "",
    TAG_VARIABLE: desired.tagVariable,
    TAG: desired.tag,
    BASE_FILES: state.files.join(":"),
    ENV_FILE: desired.envFile ?? "",
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")
}

/** The record of the run: a fact a line. */
function facts(
  desired: Desired,
  project: string,
  release: number,
  services: readonly string[],
  hashes: string,
): string {
  const { kind, repository, tag, digest, by, commit, commitTime, branch, at } = desired
  const values = {
    project,
    release: String(release),
    kind,
    repository,
    tag,
    digest,
    services: services.join(" "),
    hashes,
    by,
    commit,
    commit_time: String(commitTime ?? ""),
    branch,
    at,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name} ${oneLine(value)}\n`)
    .join("")
}
