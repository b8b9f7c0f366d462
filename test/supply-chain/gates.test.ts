import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Container, dag, type File } from "@dagger.io/dagger"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { scanAll, signAll } from "../../src/gates/gates.ts"
import { listContents } from "../../src/gates/sbom.ts"
import { scanImage } from "../../src/gates/scan.ts"
import { publishImage } from "../../src/publish.ts"
import { openSession, startRegistryWithLogin } from "../support/registry/registries.ts"
import { makeKeys, verified } from "../support/tools/cosign.ts"
import { toolImage, toolProgram, vulnerabilityDatabase } from "../support/tools/tools.ts"

// Not run here: the tools' own images, grype's download of its database, and Sigstore's public log. Each needs a network
// that not every machine has; the programs are those of the same versions, compiled from their modules.

let close = () => {}
let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seamless-gates-"))
  for (const tool of ["syft", "grype", "cosign"] as const) await toolProgram(tool)
  close = await openSession()
}, 45 * 60_000)
afterAll(async () => {
  close()
  await rm(folder, { recursive: true, force: true })
})

/** An image with one npm package in it. */
const withPackage = (version: string): Container =>
  dag
    .container()
    .from("debian:bookworm-slim")
    .withNewFile(
      "/app/node_modules/shop-lib/package.json",
      JSON.stringify({ name: "shop-lib", version, license: "MIT", author: "x", homepage: "x" }),
    )

describe("the list of contents, by syft", () => {
  it.each([
    [
      "spdx-json",
      (sbom: { packages: { name: string; versionInfo: string }[] }) =>
        sbom.packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`),
    ],
    [
      "cyclonedx-json",
      (sbom: { components: { name: string; version: string }[] }) =>
        sbom.components.map(({ name, version }) => `${name} ${version}`),
    ],
  ])("as %s has the image's packages", async (format, packages) => {
    const sbom = await listContents(withPackage("1.4.0"), format, await toolImage(dag, "syft"))
    const names = packages(JSON.parse(await sbom.contents()))
    expect(names).toContain("shop-lib 1.4.0")
    expect(names.some((name) => name.startsWith("libc6 "))).toBe(true)
  })

  it("in a form that there is not is refused", async () => {
    await expect(listContents(withPackage("1.4.0"), "pdf")).rejects.toThrow('format: "pdf" is not a form')
  })
})

describe("the scan, by grype", () => {
  let database: File
  beforeAll(async () => {
    const path = await vulnerabilityDatabase("shop-lib", "high", folder)
    database = dag.host().file(path)
  })
  const scan = async (version: string, threshold: string) =>
    scanImage(withPackage(version), { threshold, database, tool: await toolImage(dag, "grype") })

  it.each(["high", "medium"])("refuses what reaches the threshold %s, with the table", async (threshold) => {
    await expect(scan("1.4.0", threshold)).rejects.toThrow(
      new RegExp(
        `^scan: the image has vulnerabilities of severity ${threshold} or worse\\n[\\s\\S]*\\| shop-lib +1\\.4\\.0 +2\\.0\\.0 +npm +GHSA-test-0000-0001 +High`,
      ),
    )
  })

  it("of several platforms refuses the push for one of them", async () => {
    const images = [withPackage("2.0.0"), withPackage("1.4.0")] as const
    const scan = { threshold: "high", database, tool: await toolImage(dag, "grype") }
    await expect(scanAll(images, scan)).rejects.toThrow(
      /\n {2}→ nothing was pushed; take the versions under FIXED-IN/,
    )
    await expect(scanAll([images[0]], scan)).resolves.toBeUndefined()
  })

  it("lets through what is below it, and shows it", async () => {
    expect(await scan("1.4.0", "critical")).toMatch(
      /shop-lib +1\.4\.0 +2\.0\.0 +npm +GHSA-test-0000-0001 +High/,
    )
  })

  it("lets through what has the fix", async () => {
    expect(await scan("2.0.0", "negligible")).toBe("No vulnerabilities found\n")
  })

  it("without a database that can be read is a failure, and no clean bill", async () => {
    const broken = dag.directory().withNewFile("vulnerability.db", "nothing").file("vulnerability.db")
    const options = { threshold: "high", database: broken, tool: await toolImage(dag, "grype") }
    await expect(scanImage(withPackage("1.4.0"), options)).rejects.toThrow(
      /^grype failed with exit code 1: grype db\n/,
    )
  })

  it("for a severity that there is not is refused", async () => {
    await expect(scan("1.4.0", "severe")).rejects.toThrow('threshold: "severe" is not a severity')
  })
})

describe("the signature, by cosign", () => {
  it("is in each repository, for the digest, and made with the key; another key does not fit", async () => {
    await makeKeys(folder, { ours: "correct horse", theirs: "", open: "" })

    const key = async (file: string) => await readFile(join(folder, file), "utf8")
    const service = await startRegistryWithLogin()
    const token = dag.setSecret("token", "seamless")
    const login = { user: "ci", token, service }
    const [web, copy] = ["registry:5000/acme/web", "registry:5000/acme/copy"] as const
    const to = [
      { repository: web, ...login },
      { repository: copy, ...login },
    ] as const
    const { digest } = await publishImage([withPackage("1.4.0")], to, ["1"], 0)
    const tool = await toolImage(dag, "cosign")
    const sign = async (name: string, password?: string) =>
      signAll(to, digest, {
        key: dag.setSecret(name, await key(`${name}.key`)),
        ...(password === undefined ? {} : { password: dag.setSecret(`password ${password}`, password) }),
        ...{ transparencyLog: false, tool },
      })
    await expect(sign("ours", "wrong")).rejects.toThrow(
      /^cosign failed with exit code 1: cosign sign\n[\s\S]*decrypt/,
    )
    await sign("ours", "correct horse")

    const verify = async (repository: string, publicKey: string) =>
      verified(dag, `${repository}@${digest}`, service, publicKey)
    for (const repository of [web, copy])
      expect(await verify(repository, await key("ours.pub"))).toContain(digest)
    await expect(verify(web, await key("theirs.pub"))).rejects.toThrow()
    // A key without a password needs none.
    await sign("open")
    expect(await verify(web, await key("open.pub"))).toContain(digest)
  })
})
