import { type Container, dag, ReturnType } from "@dagger.io/dagger"
import { DeployError } from "../core/errors.ts"

/** The tools, each from its project's own image. Another one, or a copy in a registry of yours, can be given instead. */
export const toolImages = {
  syft: "anchore/syft:v1.57.1",
  grype: "anchore/grype:v0.121.3",
  cosign: "ghcr.io/sigstore/cosign/cosign:v3.1.3",
} as const

/** A tool, ready to be run by its entrypoint. */
export function prepareTool(name: keyof typeof toolImages, given: Container | undefined): Container {
  const tool = given ?? dag.container().from(toolImages[name])
  // Such images have little more than the program: no folder to write to, and often a user who may not.
  return tool.withUser("0:0").withWorkdir("/").withMountedTemp("/tmp").withEnvVariable("HOME", "/tmp")
}

/** How a tool ended. */
export interface ToolResult {
  code: number
  stdout: string
  /** The container afterwards. */
  after: Container
}

/**
 * Runs a tool.
 *
 * @param accepted Exit codes beside 0 that are an answer, and no failure.
 * @throws DeployError with its last lines.
 */
export async function runTool(
  name: string,
  tool: Container,
  args: string[],
  { accepted = [], stdin }: { accepted?: number[]; stdin?: string } = {},
): Promise<ToolResult> {
  const after = tool.withExec(args, {
    useEntrypoint: true,
    expect: ReturnType.Any,
    ...(stdin === undefined ? {} : { redirectStdin: stdin }),
  })
  const code = await after.exitCode()
  const [stdout, stderr] = await Promise.all([after.stdout(), after.stderr()])
  if (code === 0 || accepted.includes(code)) return { code, stdout, after }
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "")
  throw new DeployError(`${name} failed with exit code ${code}: ${name} ${args.slice(0, 1).join(" ")}`, {
    logTail: lines.slice(-20),
    hint: "see what it says; another version of the tool can be given",
  })
}
