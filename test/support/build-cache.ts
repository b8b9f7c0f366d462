import type { Container, Directory, Service } from "@dagger.io/dagger"
import { expect } from "vitest"
import { openSession, type Session } from "./session.ts"

/** An app with several stages, one of each kind of thing that a build can do. */
const dockerfile = `# syntax=docker/dockerfile:1
ARG BASE=node:24-slim
FROM \${BASE} AS deps
WORKDIR /app
COPY package*.json ./
RUN cp package.json installed && ln -s installed link && chown 1000:1000 installed && chmod 750 installed
FROM deps AS build
ARG MODE=prod
COPY src src
RUN cat src/*.txt > bundle && echo "$MODE" > mode
FROM \${BASE} AS tool
COPY tool.sh /
RUN sh /tool.sh
FROM \${BASE} AS app
ENV LEVEL=1
WORKDIR /app
COPY --from=tool /tool /tool
COPY --from=build --chown=node /app /app
COPY server.mjs ./
USER node
EXPOSE 3000
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s CMD true
CMD ["node", "server.mjs"]
`

const server = `import { createServer } from "node:http"
createServer((_, response) => response.end("ok")).listen(3000)
`

export const files: Record<string, string> = {
  Dockerfile: dockerfile,
  ".dockerignore": "*.md\nsrc/ignored.txt\n",
  "package.json": "{}",
  "src/a.txt": "a\n",
  "src/b.txt": "b\n",
  "src/ignored.txt": "i\n",
  "tool.sh": "echo tool > /tool\n",
  "server.mjs": server,
  "README.md": "read me\n",
}

/** A registry in the session, and the app's images in it. */
export interface CacheWorld {
  session: Session
  registry: Service
  /** Another one for each test file, so that nothing of a run before is there. */
  fresh: string
}

export async function startWorld(): Promise<CacheWorld> {
  const session = await openSession()
  const fresh = new Date().toISOString()
  const registry = session.client
    .container()
    .from("registry:2")
    .withEnvVariable("REGISTRY_LOG_LEVEL", "warn")
    .withEnvVariable("REGISTRY_LOG_ACCESSLOG_DISABLED", "true")
    .withEnvVariable("REGISTRY_STORAGE_DELETE_ENABLED", "true")
    .withEnvVariable("FRESH", fresh)
    .withExposedPort(5000)
    .asService({ useEntrypoint: true })
  await registry.start()
  return { session, registry, fresh }
}

/** The app's source with some files changed; a file without content is gone. */
export function source({ session }: CacheWorld, changes: Record<string, string | undefined> = {}): Directory {
  let directory = session.client.directory()
  for (const [path, content] of Object.entries({ ...files, ...changes }))
    if (content !== undefined) directory = directory.withNewFile(path, content)
  return directory
}

/** The source with a line more in the file that the last stage copies. */
export const changedServer = (line: string) => ({ "server.mjs": `${files["server.mjs"]}// ${line}\n` })

/** What is said when nothing was built. */
export const stored = ["the registry has the image of this source: nothing was built"]

/** What is said when a part was. */
export const began = (cached: string, built: string) => [`from the build cache: ${cached}`, `built: ${built}`]

export interface Published {
  digest: string
  /** What the lines behind # say. */
  notes: string[]
}

export async function publish(
  world: CacheWorld,
  from: Directory,
  options: Record<string, unknown> = {},
): Promise<Published> {
  const text = (await world.session.call("publish", {
    source: await from.id(),
    repository: "registry:5000/app",
    tags: ["test"],
    healthPath: "/",
    healthCount: 1,
    registryService: await world.registry.id(),
    ...options,
  })) as string
  const lines = text.trim().split("\n")
  return {
    digest: lines[0]?.replace(/^.*@/, "") ?? "",
    notes: lines.filter((line) => line.startsWith("# ")).map((line) => line.slice(2)),
  }
}

/** The same build without any cache of ours. */
async function plainBuild(
  { session }: CacheWorld,
  from: Directory,
  options: Record<string, unknown> = {},
): Promise<Container> {
  const built = (await session.call(
    "build",
    { source: await from.id(), noCache: true, ...options },
    "{ id }",
  )) as { id: string }
  return session.client.loadContainerFromID(
    built.id as Parameters<typeof session.client.loadContainerFromID>[0],
  )
}

export function pulled({ session, registry }: CacheWorld, digest: string): Container {
  return session.client.container().from(`registry:5000/app@${digest}`, { registryService: registry })
}

/** Everything about an image but times: each file with its kind, mode, owner, link and content, and the configuration. */
async function describeImage({ session }: CacheWorld, image: Container): Promise<string> {
  const list = `find . -xdev -printf '%p %y %m %U:%G %l\\n' | sort
find ./app ./etc ./tool ./out -xdev -type f -exec sha256sum {} + 2>/dev/null | sort -k 2`
  const { client } = session
  const [files, archive] = await Promise.all([
    client
      .container()
      .from("node:24-slim")
      .withMountedDirectory("/image", image.rootfs())
      .withWorkdir("/image")
      .withExec(["sh", "-c", list])
      .stdout(),
    image.withRootfs(client.directory()).asTarball().contents(),
  ])
  const config = /\{"architecture"[^\0]*"config":(\{.*?\}),"created"/.exec(archive)?.[1]
  if (config === undefined) throw new Error("the image's archive shows no configuration")
  return `${files}\n${JSON.stringify(JSON.parse(config), null, 1)}`
}

/** The same image as without any cache of ours, but for the times of its files. */
export async function expectSameAsPlain(
  world: CacheWorld,
  digest: string,
  from: Directory,
  options: Record<string, unknown> = {},
): Promise<void> {
  const [cached, plain] = await Promise.all([
    describeImage(world, pulled(world, digest)),
    plainBuild(world, from, options).then((image) => describeImage(world, image)),
  ])
  expect(cached).toBe(plain)
}

/** Runs a script of Node with `api(path, init)` for the registry's HTTP API. @returns What it prints. */
export function atRegistry({ session, registry }: CacheWorld, script: string): Promise<string> {
  const prelude = `const api = (path, init) => fetch("http://registry:5000/v2/app" + path, init)
const accept = { accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json" }
const manifest = async (tag) => { const answer = await api("/manifests/" + tag, { headers: accept }); return { digest: answer.headers.get("docker-content-digest"), ...await answer.json() } }
const put = async (tag, body, bytes = JSON.stringify(body)) => { const answer = await api("/manifests/" + tag, { method: "PUT", headers: { "content-type": body.mediaType }, body: bytes }); if (answer.status !== 201) throw new Error(await answer.text()) }
const remove = async (path) => { const answer = await api(path, { method: "DELETE" }); if (answer.status !== 202) throw new Error(path + ": " + await answer.text()) }
const upload = async (bytes) => {
  const digest = "sha256:" + require("node:crypto").createHash("sha256").update(bytes).digest("hex")
  const begun = await api("/blobs/uploads/", { method: "POST" })
  const url = new URL(begun.headers.get("location"), "http://registry:5000")
  url.searchParams.set("digest", digest)
  const answer = await fetch(url, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: bytes })
  if (answer.status !== 201) throw new Error(await answer.text())
  return digest
}
const tags = async () => (await (await api("/tags/list")).json()).tags ?? []
`
  return session.client
    .container()
    .from("node:24-slim")
    .withServiceBinding("registry", registry)
    .withEnvVariable("NOW", `${Date.now()} ${Math.random()}`)
    .withExec(["node", "-e", `${prelude};(async () => {${script}})()`])
    .stdout()
}
