import type { Client, Directory } from "@dagger.io/dagger"

const dockerfile = `FROM node:24-slim
COPY . .
EXPOSE 3000
CMD ["node", "-e", "http.createServer((_, answer) => answer.end()).listen(3000)"]
`

/** The source of an image that answers 200 to everything, with some files in it. */
export function webServer(client: Client, files: Record<string, string>): Directory {
  return Object.entries(files).reduce(
    (directory, [path, content]) => directory.withNewFile(path, content),
    client.directory().withNewFile("Dockerfile", dockerfile),
  )
}
