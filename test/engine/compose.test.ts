import { connection, type Directory, dag } from "@dagger.io/dagger"
import { expect, test } from "vitest"
import { readProgram } from "../../src/agent/program.ts"
import { parseHostState } from "../../src/core/host-state.ts"
import { overrideFile } from "../../src/core/override.ts"

/** Compose as hosts have it; it needs no daemon to describe a project. */
const compose = (project: Directory) =>
  dag.container().from("docker:dind").withDirectory("/shop", project).withWorkdir("/shop")

const files = {
  "compose.yml": `
services:
  web:
    image: registry.test/app:\${IMAGE_TAG}
    container_name: shop
    ports: ["8080:3000", "127.0.0.1:9090:3001"]
    labels: { auth: planted-label }
    build: { context: ., args: { TOKEN: planted-build-arg } }
    command: ["run", "--token=planted-command", "{"]
    environment: { PASSWORD: planted-environment }
    healthcheck: { test: ["CMD", "planted-healthcheck"], interval: 2s }
    deploy: { labels: { auth: planted-deploy-label }, update_config: { order: start-first } }
    env_file: [app.env]
    configs: [app]
    secrets: [key]
    networks: [front]
  test:
    image: redis:7
    environment: { A: "planted { [" }
networks: { front: { driver_opts: { key: planted-driver-option } } }
configs: { app: { content: "planted-config\\n  \\"services\\": {" } }
secrets: { key: { file: ./planted-secret } }
x-extra: { services: { web: planted-extension } }
`,
  "app.env": "KEY=planted-env-file\n",
  ".env": "IMAGE_TAG=1.0.0\nTOKEN=planted-dotenv\n",
}

function project(more: Record<string, string> = {}): Directory {
  let folder = dag.directory()
  for (const [path, text] of Object.entries({ ...files, ...more })) folder = folder.withNewFile(path, text)
  return folder
}

test("Compose understands a release's file: pinned, without ports and fixed name, reachable by its own name", () =>
  connection(async () => {
    const override = overrideFile([
      {
        service: "web",
        image: "registry.test/app@sha256:aa",
        release: 4,
        network: "front",
        alias: "shop-web-r4",
      },
    ])
    const read = compose(project({ "release.yml": override })).withExec(
      "docker compose -f compose.yml -f release.yml config --format json".split(" "),
    )
    const { services } = JSON.parse(await read.stdout())
    expect(services.web).toMatchObject({
      image: "registry.test/app@sha256:aa",
      labels: { auth: "planted-label", "seamless.release": "4" },
      networks: { front: { aliases: ["shop-web-r4"] } },
    })
    expect(services.web).not.toHaveProperty("ports")
    expect(services.web).not.toHaveProperty("container_name")
    expect(services.test.image).toBe("redis:7")
  }))

test("what is read of a project by real Compose holds no value of its environment, labels and commands", () =>
  connection(async () => {
    const script = readProgram()
    const read = compose(project()).withExec(["sh", "-s", "--", "/shop", "IMAGE_TAG", "1.1.0", "-"], {
      stdin: script,
    })
    const output = await read.stdout()
    const decoded = output
      .split("\n")
      .map((line) => Buffer.from(line.split("\t")[1] ?? "", "base64").toString())
    expect(decoded.join("\n")).not.toContain("planted")
    const { config, files: found, hashes } = parseHostState(output)
    expect(found).toEqual(["compose.yml"])
    expect(Object.keys(hashes).sort()).toEqual(["test", "web"])
    expect(Object.keys(config?.services ?? {}).sort()).toEqual(["test", "web"])
    expect(config?.services.web).toMatchObject({
      image: "registry.test/app:1.1.0",
      container_name: "shop",
      deploy: { update_config: { order: "start-first" } },
      ports: [
        { target: 3000, published: "8080" },
        { target: 3001, published: "9090", host_ip: "127.0.0.1" },
      ],
    })
  }))
