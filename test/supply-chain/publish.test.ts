import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Service } from "@dagger.io/dagger"
import { afterAll, beforeAll, expect, it } from "vitest"
import { startRegistryWithLogin } from "../support/registry/registries.ts"
import { openSession, type Session } from "../support/session.ts"
import { makeKeys, verified } from "../support/tools/cosign.ts"
import { toolImage, toolProgram, vulnerabilityDatabase } from "../support/tools/tools.ts"
import { webServer } from "../support/web-server.ts"

let folder = ""
let session: Session
let registry: Service
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seamless-way-"))
  for (const tool of ["grype", "cosign"] as const) await toolProgram(tool)
  session = await openSession()
  registry = await startRegistryWithLogin(session.client)
}, 45 * 60_000)
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true, force: true })
})

const repository = "registry:5000/acme/shop"

it("publish pushes nothing that has a vulnerability, and signs what has none, also where nothing is built", async () => {
  const { client } = session
  await makeKeys(folder, { ours: "correct horse" })
  const scan = {
    scanThreshold: "high",
    scanDatabase: await client
      .host()
      .file(await vulnerabilityDatabase("shop-lib", "high", folder))
      .id(),
    scanTool: await (await toolImage(client, "grype")).id(),
  }
  const sign = {
    signKey: await client.setSecret("key", await readFile(join(folder, "ours.key"), "utf8")).id(),
    signPassword: await client.setSecret("password", "correct horse").id(),
    signTool: await (await toolImage(client, "cosign")).id(),
  }

  await expect(publish("1.4.0", "bad", { ...scan, ...sign })).rejects.toThrow(
    /scan: [\s\S]*\| shop-lib +1\.4\.0[\s\S]*→ nothing was pushed/,
  )
  const good = await publish("2.0.0", "good", { ...scan, ...sign })
  const image = new RegExp(`^${repository}:good@(sha256:[0-9a-f]{64})$`, "m").exec(good)?.[1]
  const signed = await verified(
    client,
    `${repository}@${image}`,
    registry,
    await readFile(join(folder, "ours.pub"), "utf8"),
  )
  expect(signed).toContain(image)

  const again = await publish("2.0.0", "again", sign)
  expect(again).toContain(`${repository}:again@${image}\n`)
  expect(again).toContain("# the registry has the image of this source: nothing was built\n")

  const token = client.setSecret("token", "seamless")
  const refused = client
    .container()
    .withRegistryAuth("registry:5000", "ci", token)
    .from(`${repository}:bad`, { registryService: registry })
  await expect(refused.imageRef()).rejects.toThrow(/bad: not found/)
})

/** Publishes a web server with one npm package in some version. @returns What the function returns. */
async function publish(version: string, tag: string, gates: Record<string, unknown>): Promise<string> {
  const { client } = session
  const lib = { name: "shop-lib", version, license: "MIT", author: "x", homepage: "x" }
  const source = webServer(client, { "app/node_modules/shop-lib/package.json": JSON.stringify(lib) })
  const call = session.call("publish", {
    ...{ source: await source.id(), repository, tags: [tag], healthPath: "/", healthCount: 1 },
    ...{ registryUser: "ci", registryToken: await client.setSecret("token", "seamless").id() },
    ...{ registryService: await registry.id(), ...gates },
  })
  return (await call) as string
}
