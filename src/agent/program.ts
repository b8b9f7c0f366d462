import { readFileSync } from "node:fs"

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8")

/** The agent's files: what all verbs use, the verbs in the order of a rollout, and the run that calls them. */
export const agentParts = [
  "head.sh",
  "tools.sh",
  "proxy.sh",
  "prepare.sh",
  "start.sh",
  "switch.sh",
  "commit.sh",
  "dotenv.sh",
  "prune.sh",
  "run.sh",
]

/** The agent as one program: each run keeps the one that it began with, so that any client can bring it to an end. */
export const agentProgram = (): string => agentParts.map(read).join("\n")

/** The program that prints the state of a host. */
export const readProgram = (): string => read("read.sh")

/** The program that finds a run of somebody else and attaches to it. */
export const attachProgram = (): string => read("attach.sh")
