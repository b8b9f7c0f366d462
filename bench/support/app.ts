import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { execa } from "execa"

const dockerfile = `FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
# The certificates that the image trusts, where it has any: a machine may reach the packages through a proxy of its own.
RUN NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm ci --no-audit --no-fund
COPY . .
RUN node --check server.mjs && echo built > built
EXPOSE 3000
CMD ["node", "server.mjs"]
`

const server = `import express from "express"
const app = express()
app.get("/", (_, response) => response.send("ok"))
app.listen(3000)
`

/** A web server with a few dozen packages. */
export async function makeApp(folder: string): Promise<string> {
  const app = await mkdtemp(join(folder, "app-"))
  await mkdir(join(app, "lib"))
  await writeFile(join(app, "Dockerfile"), dockerfile)
  await writeFile(join(app, "server.mjs"), server)
  await writePackage(app, "1.0.0")
  return app
}

async function writePackage(app: string, version: string): Promise<void> {
  const dependencies = { express: "5.1.0", pino: "9.9.0" }
  await writeFile(
    join(app, "package.json"),
    JSON.stringify({ name: "app", version, type: "module", dependencies }),
  )
  const options = ["--package-lock-only", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"]
  await execa("npm", ["install", ...options], { cwd: app })
}

/** Tags for an image of the app. */
export const tagNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `t${index}`)

let changes = 0

/** One line of the source, another each time. */
export async function changeLine(app: string): Promise<void> {
  const file = join(app, "server.mjs")
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => !line.startsWith("// change"))
  await writeFile(file, [...lines, `// change ${Date.now()} ${++changes}`].join("\n"))
}

/** The lock file, and with it what is installed. */
export const changeLock = (app: string): Promise<void> => writePackage(app, `1.0.${++changes}`)
