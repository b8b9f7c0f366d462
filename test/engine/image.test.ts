import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dag, type Platform, ReturnType, type Service } from "@dagger.io/dagger"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildImage, checkBuild } from "../../src/build.ts"
import { type LabelFacts, planLabels } from "../../src/core/labels.ts"
import { withLabels } from "../../src/labels.ts"
import { publishImage } from "../../src/publish.ts"
import { askRegistry, openSession, startRegistry, tunnelTo } from "../support/registry/registries.ts"
import { daggerCall } from "../support/seamless.ts"
import { buildStaticApp } from "../support/static-app/build.ts"

let close = () => {}
let folder = ""
beforeAll(async () => {
  folder = await buildStaticApp()
  close = await openSession()
})
afterAll(async () => {
  close()
  await rm(folder, { recursive: true, force: true })
})

const options = { dockerfile: "Dockerfile", platforms: [], args: [], secrets: [], secretIds: [] }

interface Manifest {
  config: { digest: string }
  layers: { digest: string }[]
  annotations?: Record<string, string>
}

/** What a registry has, by its own API. */
function images(registry: Service) {
  const json = async (path: string) => JSON.parse(await askRegistry(registry, `/v2/app/${path}`))
  return {
    index: (tag: string) => json(`manifests/${tag}`),
    manifest: (reference: string): Promise<Manifest> => json(`manifests/${reference}`),
    config: async (reference: string) =>
      json(`blobs/${(await json(`manifests/${reference}`)).config.digest}`),
    digest: async (tag: string) => (await askRegistry(registry, `/v2/app/manifests/${tag}`, "HEAD")).trim(),
  }
}

describe("several platforms", () => {
  /** By the command line, as the smoke test asks the image from where the module runs. */
  async function call(name: "publish" | "smoke-test", platforms: string, ...more: string[]) {
    return await daggerCall([
      name,
      `--source=${folder}`,
      `--platforms=${platforms}`,
      "--health-count=2",
      ...more,
    ])
  }

  /** Whether the engine can run programs for ARM, by its own hand or by emulation. */
  async function runsArm(): Promise<boolean> {
    const arm = dag
      .container({ platform: "linux/arm64" as Platform })
      .withFile("/app", dag.host().directory(folder).file("app-arm64"))
      .withExec(["/app", "version"], { expect: ReturnType.Any })
    return (await arm.exitCode()) === 0
  }
  const foreign =
    "! the image for linux/arm64 was not smoke-tested: this engine cannot run it (exec format error)"

  it("are one index with one digest for every tag, each marked and configured as what it is", async () => {
    const registry = await startRegistry()
    // The engine speaks plain HTTP to localhost, whatever the port, and the port must be that of the service.
    const port = await tunnelTo(registry)
    const { code, stdout, stderr, error } = await call(
      "publish",
      "linux/amd64,linux/arm64",
      ...[`--repository=localhost:${port}/app`, `--registry-service=tcp://127.0.0.1:${port}`],
      ...[
        "--tag-rules=type=semver,pattern={{version}}\ntype=schedule,pattern={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}",
      ],
      ...["--git-tag=v1.0.0", "--scheduled", "--time=1578616200"],
    )
    expect([code, error]).toEqual([0, ""])
    expect(stderr).toContain(`pushed localhost:${port}/app:1.0.0@sha256:`)
    const there = images(registry)
    const digest = await there.digest("1.0.0")
    expect(await there.digest("20200110-093000")).toBe(digest)
    const names = ["20200110-093000", "1.0.0"].map((tag) => `localhost:${port}/app:${tag}@${digest}`)
    const said = stdout
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("# "))
    expect(said).toEqual([...names, ...((await runsArm()) ? [] : [foreign])])

    const { manifests } = await there.index("1.0.0")
    const platforms = manifests.map((each: { platform: object }) => each.platform)
    expect(platforms).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ])
    const [amd, arm] = await Promise.all(
      manifests.map(async (each: { digest: string }) => there.config(each.digest)),
    )
    expect([amd.architecture, arm.architecture]).toEqual(["amd64", "arm64"])
    expect(arm.config).toEqual(amd.config)
    expect(arm.config).toMatchObject({
      User: "1000:1000",
      WorkingDir: "/data",
      Entrypoint: ["/app"],
      Cmd: ["serve"],
      StopSignal: "SIGINT",
      Labels: { kept: "a, b", maintainer: "Zoë" },
      ExposedPorts: { "3000/tcp": {} },
      Volumes: { "/data": {} },
      Healthcheck: { Test: ["CMD", "/app", "-check"], Interval: 7_000_000_000 },
    })
    expect(arm.rootfs.diff_ids).toHaveLength(amd.rootfs.diff_ids.length)
    expect(arm.rootfs.diff_ids).not.toEqual(amd.rootfs.diff_ids)
  })

  it("that cannot be run here, and none besides: nothing was tested, so it is an error", async (context) => {
    if (await runsArm()) context.skip()
    const { code, error } = await call("smoke-test", "linux/arm64")
    expect(code).toBe(1)
    expect(error).toMatch(
      /smoke test: this engine can run none of linux\/arm64\n {2}→ nothing was pushed; add the engine's own platform/,
    )
  })

  it("one of which fails its test: the error says which", async () => {
    const { code, error } = await call(
      "smoke-test",
      "linux/arm64,linux/amd64",
      ...["--build-args=SICK=yes", "--smoke-timeout=5s"],
    )
    expect(code).toBe(1)
    expect(error).toMatch(/linux\/(amd|arm)64: smoke test: \/health on port 3000 answered 500 instead of 200/)
  })

  it("the engine's own, whose entrypoint the kernel cannot start, is broken and not foreign", async () => {
    const broken = await mkdtemp(join(tmpdir(), "seamless-broken-"))
    const dockerfile = [
      "FROM debian:bookworm-slim",
      "EXPOSE 3000",
      "COPY --chmod=755 start /",
      'ENTRYPOINT ["/start"]',
    ]
    await writeFile(join(broken, "Dockerfile"), `${dockerfile.join("\n")}\n`)
    // No first line that names an interpreter.
    await writeFile(join(broken, "start"), "sleep 60\n")
    const { code, error } = await daggerCall(["smoke-test", `--source=${broken}`])
    await rm(broken, { recursive: true })
    expect(code).toBe(1)
    expect(error).toMatch(/smoke test: the container stopped before it answered\n[\s\S]*exec format error/)
  })
})

describe("labels and annotations", () => {
  const facts: LabelFacts = {
    commit: "860c1904a1ce19322e91ac35af1ab07466440c37",
    commitTime: 1_578_616_200,
    version: "1.4.2",
    sourceUrl: "https://github.com/acme/web",
    labels: ["team=shop, cart"],
    annotations: ["org.opencontainers.image.description=The shop"],
  }
  const known = {
    "org.opencontainers.image.revision": "860c1904a1ce19322e91ac35af1ab07466440c37",
    "org.opencontainers.image.created": "2020-01-10T00:30:00Z",
    "org.opencontainers.image.version": "1.4.2",
    "org.opencontainers.image.source": "https://github.com/acme/web",
    "org.opencontainers.image.url": "https://github.com/acme/web",
  }
  // A step that would give another layer each time that it is run.
  const dockerfile = `FROM debian:bookworm-slim\nRUN cat /proc/sys/kernel/random/uuid >/id # ${crypto.randomUUID()}\n`

  async function publish(registry: Service, tag: string, changes?: Partial<LabelFacts>) {
    const source = dag.directory().withNewFile("Dockerfile", dockerfile)
    const built = await buildImage(await checkBuild({ ...options, source }))
    const labelled = changes === undefined ? built : withLabels(built, planLabels({ ...facts, ...changes }))
    return await publishImage(labelled, [{ repository: "localhost:5000/app", service: registry }], [tag], 0)
  }

  it("change the configuration and the manifest, and no layer", async () => {
    const registry = await startRegistry()
    await publish(registry, "plain")
    await publish(registry, "labelled", {})
    const there = images(registry)
    const [plain, labelled] = [await there.manifest("plain"), await there.manifest("labelled")]
    expect(labelled.layers).toEqual(plain.layers)
    expect(labelled.layers.length).toBeGreaterThan(1)
    expect(labelled.annotations).toEqual({ ...known, "org.opencontainers.image.description": "The shop" })
    expect((await there.config("labelled")).config.Labels).toEqual({ ...known, team: "shop, cart" })
    expect((await there.config("plain")).config.Labels).toBeUndefined()
  })

  it("the same commit in another session is the same image; another commit has the same layers, from the cache", async () => {
    const [first, firstLayers] = await inSession({})
    const [again] = await inSession({})
    const [other, otherLayers] = await inSession({ commit: "0".repeat(40), commitTime: 1_600_000_000 })
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(otherLayers).toEqual(firstLayers)
  })

  /** In a session of its own, as another call has it. */
  async function inSession(changes: Partial<LabelFacts>) {
    close()
    close = await openSession()
    const registry = await startRegistry()
    const { digest } = await publish(registry, "tag", changes)
    return [digest, (await images(registry).manifest("tag")).layers] as const
  }
})
