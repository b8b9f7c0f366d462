import { type Container, ReturnType, type Service } from "@dagger.io/dagger"
import { advise } from "./core/advice.ts"
import { DeployError, InputError } from "./core/errors.ts"
import { parseAssignment } from "./core/options.ts"

/** What makes an image good enough to be pushed. Times are in milliseconds. */
export interface SmokeTest {
  path: string
  status: number
  /** Good answers in a row. */
  count: number
  timeout: number
  /** Port in the container; the lowest that the image exposes when absent. */
  port?: number
  /** `NAME=value` */
  env: readonly string[]
}

/**
 * Starts the very container that will be pushed, with its own entrypoint, and asks it until it is healthy.
 *
 * @throws DeployError with what it answered or how it ended, and the last lines that it printed.
 */
export async function smokeTest(image: Container, test: SmokeTest): Promise<void> {
  const port = test.port ?? (await exposedPort(image))
  // The image's own health check and other ports would decide when the engine calls the service started.
  let app = image.withoutDockerHealthcheck()
  for (const other of await image.exposedPorts()) app = app.withoutExposedPort(await other.port())
  for (const [index, assignment] of test.env.entries())
    app = withVariable(app, assignment, `smokeEnv[${index}]`)
  const service = app
    .withEnvVariable("SEAMLESS_SMOKE_TEST", crypto.randomUUID())
    .withExposedPort(port)
    .asService({ useEntrypoint: true })
  const deadline = Date.now() + test.timeout
  let started: boolean | undefined
  try {
    // Starting ends when the port is open or the process has exited; a process that never listens is left to the poll.
    started = await Promise.race([service.start().then(() => true), after(test.timeout)])
  } catch {
    throw new DeployError("smoke test: the container stopped before it answered", {
      logTail: await lastLines(app),
      hint: "nothing was pushed; the image must run with its own entrypoint, with the variables of --smoke-env",
    })
  }
  try {
    await poll(service, port, test, deadline)
  } finally {
    // Stopping waits for a start that is under way, up to 15 minutes: that one ends with the call.
    if (started) await service.stop({ kill: true })
  }
}

/** The process may end before: a limit that is not reached must not keep the call waiting. */
const after = (ms: number) =>
  new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), ms).unref())

/** A service keeps its output to itself: what crashed at its start is run once more to hear what it says. */
async function lastLines(app: Container): Promise<string[]> {
  const again = app.withExec([], { useEntrypoint: true, expect: ReturnType.Any })
  const said = async () => `${await again.stdout()}${await again.stderr()}`
  const output = await Promise.race([said(), after(10_000)])
  return (output ?? "").trim().split("\n").slice(-20)
}

/** The port that the image says it serves. */
async function exposedPort(image: Container): Promise<number> {
  const ports = await Promise.all((await image.exposedPorts()).map((port) => port.port()))
  const lowest = ports.sort((a, b) => a - b)[0]
  if (lowest !== undefined) return lowest
  throw new InputError(
    "healthPort",
    "the image exposes no port to ask",
    "add EXPOSE to the Dockerfile, or give --health-port",
  )
}

function withVariable(container: Container, assignment: string, path: string): Container {
  const { name, value } = parseAssignment(assignment, path, "variable")
  return container.withEnvVariable(name, value)
}

async function poll(
  service: Service,
  port: number,
  { path, status, count, timeout }: SmokeTest,
  deadline: number,
): Promise<void> {
  const url = `http://${await service.hostname()}:${port}${path}`
  let good = 0
  let seen = "nothing"
  while (good < count) {
    seen = await ask(url)
    good = seen === String(status) ? good + 1 : 0
    if (good === count) return
    if (Date.now() > deadline) {
      const said = `${path} on port ${port} answered ${seen}`
      const advice = advise(said) ?? "start the image by hand and look at its log"
      throw new DeployError(`smoke test: ${said} instead of ${status} for ${timeout / 1000} s`, {
        hint: `nothing was pushed; ${advice}`,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function ask(url: string): Promise<string> {
  try {
    return String((await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: "manual" })).status)
  } catch (error) {
    return `nothing (${error instanceof Error ? error.message : error})`
  }
}
