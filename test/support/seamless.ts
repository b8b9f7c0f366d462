import { fileURLToPath } from "node:url"
import { execa } from "execa"
import type { Lab } from "./lab.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))

/** How a call of the module's command line ended. */
export interface CallResult {
  code: number
  stdout: string
  stderr: string
  /** What the caller reads at the end: the error without the progress before it. */
  error: string
  ms: number
}

/** `dagger call ARGS` of this module. Progress goes to `onProgress` as it comes; `cancelSignal` kills it with SIGKILL. */
export async function daggerCall(
  args: readonly string[],
  onProgress?: (line: string) => void,
  cancelSignal?: AbortSignal,
): Promise<CallResult> {
  const began = performance.now()
  const run = execa("dagger", ["--progress", "plain", "call", ...args], {
    cwd: repository,
    env: { NO_COLOR: "1" },
    reject: false,
    stdin: "ignore",
    killSignal: "SIGKILL",
    ...(cancelSignal === undefined ? {} : { cancelSignal }),
  })
  if (onProgress !== undefined) {
    void (async () => {
      for await (const line of run.iterable({ from: "stderr" })) onProgress(String(line))
    })()
  }
  const { exitCode = 255, stdout, stderr } = await run
  const at = stderr.lastIndexOf("\nError: ")
  const error =
    at < 0
      ? ""
      : stderr
          .slice(at + 1)
          .replaceAll(/ ?\[traceparent:[^\]]*\]/g, "")
          .trim()
  return { code: exitCode, stdout, stderr, error, ms: performance.now() - began }
}

/** The options by which a call reaches the lab's host and registry. */
export function labAccess(lab: Lab): string[] {
  return [...hostAccess(lab), ...registryAccess(lab)]
}

export function hostAccess({ keysDir, sshPort }: Lab): string[] {
  return [
    "--host=deploy@host.test:2222",
    `--ssh-key=file:${keysDir}/id_ed25519`,
    `--known-hosts=${keysDir}/known_hosts`,
    `--ssh-service=tcp://127.0.0.1:${sshPort}`,
  ]
}

export function registryAccess({ registryPort }: Lab): string[] {
  return ["--repository=registry:5000/app", `--registry-service=tcp://127.0.0.1:${registryPort}`]
}
