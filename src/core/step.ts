import { InputError } from "./errors.ts"

/** What the agent can do; each has a function of this name in the agent. */
export type Verb =
  | "expect"
  | "hook"
  | "disk"
  | "pull"
  | "dependencies"
  | "keep_config"
  | "restore_config"
  | "migrate"
  | "remove_stopped"
  | "start"
  | "booted"
  | "release_ports"
  | "proxy"
  | "ready"
  | "proxy_config"
  | "switch"
  | "public"
  | "drain"
  | "soak"
  | "commit"
  | "restart_policy"
  | "hold_ports"
  | "retire"
  | "env"
  | "stop_old"
  | "prune"

/** One step of a rollout: data for the agent, and one sentence for dry run, progress and error alike. */
export interface Step {
  verb: Verb
  sentence: string
  args: string[]
}

/** The plan as the agent reads it: a line a step, parted by tabs. */
export function encodeSteps(steps: readonly Step[]): string {
  return steps
    .map(({ verb, sentence, args }) => `${[verb, sentence, ...args].map(field).join("\t")}\n`)
    .join("")
}

/** The steps of a plan as the agent has it. */
export function decodeSteps(plan: string): Step[] {
  return plan.split("\n").flatMap((line) => {
    const [verb, sentence, ...args] = line.split("\t")
    return sentence === undefined ? [] : [{ verb: verb as Verb, sentence, args }]
  })
}

/** The agent splits at tabs and line breaks, and a shell drops an empty field. */
function field(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (value === "" || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new InputError(
      "plan",
      `the value ${JSON.stringify(value)} cannot be passed to the host`,
      "use a name without control characters",
    )
  }
  return value
}
