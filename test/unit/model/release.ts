import type { HostState, Run } from "../../../src/core/host-state.ts"
import { publishedPorts } from "../../../src/core/ports.ts"
import { run } from "../support/world.ts"
import { type Host, isRunning, type Release, type RunFolder } from "./host.ts"

/** What a release's folder makes the proxy serve, read from the very files that the plan holds. */
export function releaseOf(files: Record<string, string>): Release {
  const slots = files["release/slots"]?.trim() === "b" ? "b" : "a"
  const taken = /^ {2}server-template [ab]\.(.+)\. 1-(\d+) [^ ]+ resolvers docker init-addr/gm
  const lines = (files["release/haproxy.cfg"] ?? "").matchAll(taken)
  return { slots, servers: Object.fromEntries([...lines].map(([, name, count]) => [name, Number(count)])) }
}

/** The host as the next client reads it. */
export function readHost(host: Host, start: HostState): HostState {
  const { current: _, ...rest } = start
  const { current = 0, releases, proxy, boxes, env } = host
  const containers = [...boxes.map((box) => ({ ...box })), ...(proxy === undefined ? [] : [proxy.container])]
  return {
    ...rest,
    containers,
    tag: env.tag,
    ...(current === 0 ? {} : { current }),
    slots: releases[current]?.slots ?? "",
    listening: containers.filter(isRunning).flatMap(publishedPorts),
    runs: [...start.runs, ...host.runs.filter(hasBegun).map(record)],
  }
}

/** A run that was only unpacked is none yet. */
const hasBegun = ({ journal, verdict }: RunFolder) => journal !== undefined || verdict !== ""

/** A run as its folder tells it. */
function record({ id, files, verdict, reason }: RunFolder): Run {
  const fact = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(files.facts ?? "")?.[1] ?? ""
  return run({
    id,
    verdict: verdict || "unfinished",
    release: Number(fact("release")),
    repository: fact("repository"),
    tag: fact("tag"),
    digest: fact("digest"),
    services: fact("services").split(" "),
    hashes: fact("hashes"),
    reason,
  })
}

/** A run's folder as the client unpacks it. */
export function unpack(release: number, number: number, files: Record<string, string>): RunFolder {
  const id = `${release}.${number}`
  return { id, release, files, verdict: "", moved: false, reason: "", credentials: true, marks: [] }
}
