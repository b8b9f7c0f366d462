import type { Lab, TrafficReport } from "./lab.ts"
import { type CallResult, daggerCall, labAccess } from "./seamless.ts"

/** What the operator stories have in common: the example app, deployed to the lab's host. */

/** `--build-args` and `--tags` of a version of the example app. */
export interface Version {
  version: string
  /** How the app behaves on the host. The smoke test always sees a good one: what breaks there is never pushed. */
  behaviour?: string
}

/** Builds a version of the example app and deploys it. */
export function deploy(
  lab: Lab,
  { version, behaviour = "ok" }: Version,
  more: readonly string[] = [],
  onProgress?: (line: string) => void,
): Promise<CallResult> {
  return daggerCall(
    ["deploy", ...labAccess(lab), ...build(version, behaviour), `--tags=${version}`, ...more],
    onProgress,
  )
}

/** Deploys a version that the registry already has. */
export function deployImage(
  lab: Lab,
  version: string,
  more: readonly string[] = [],
  cancelSignal?: AbortSignal,
): Promise<CallResult> {
  return daggerCall(["deploy", ...labAccess(lab), `--image=${version}`, ...more], undefined, cancelSignal)
}

export function build(version: string, behaviour = "ok"): string[] {
  return [
    "--source=examples/app",
    `--build-args=VERSION=${version},BEHAVIOUR=${behaviour}`,
    "--smoke-env=BEHAVIOUR=ok",
  ]
}

/** The text of a file of the project on the host. */
export async function hostFile(lab: Lab, path: string): Promise<string> {
  const { stdout } = await lab.exec(`cat /home/deploy/app/${path}`)
  return stdout
}

/** Which version answers on the published port. */
export async function servedVersion({ webPort }: Lab): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${webPort}/version`, { headers: { connection: "close" } })
  return ((await response.json()) as { version: string }).version
}

/** The same app in a project of its own on port 8081, replaced by plain Compose: what Seamless is compared with. */
export async function startPlainCompose(lab: Lab, version: string): Promise<void> {
  const setUp = `mkdir -p ~/plain && sed 's/8080:3000/8081:3000/' ~/app/docker-compose.yml > ~/plain/docker-compose.yml && cp ~/app/.env ~/plain/.env && sed -i '/^COMPOSE_FILE=/d' ~/plain/.env`
  const { code, stderr } = await lab.exec(setUp)
  if (code !== 0) throw new Error(`the plain project cannot be set up: ${stderr}`)
  await replacePlainCompose(lab, version)
}

/** `docker compose up -d --wait` with another tag. */
export async function replacePlainCompose(lab: Lab, version: string): Promise<void> {
  const { code, stderr } = await lab.exec(`cd ~/plain && IMAGE_TAG=${version} docker compose up -d --wait`)
  if (code !== 0) throw new Error(`docker compose up: ${stderr}`)
}

/** Runs the work under constant traffic, half of it on kept connections, GET and POST, every answer checked. */
export async function underTraffic<T>(
  lab: Lab,
  name: string,
  work: () => Promise<T>,
  target = "http://host.test:8080",
): Promise<{ result: T; traffic: TrafficReport }> {
  await lab.traffic.start({ name, target, rate: 100 })
  try {
    return { result: await work(), traffic: await lab.traffic.stop(name) }
  } catch (error) {
    await lab.traffic.stop(name)
    throw error
  }
}
