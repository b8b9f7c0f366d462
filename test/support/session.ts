import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type Client, connect } from "@dagger.io/dagger"

const repository = fileURLToPath(new URL("../..", import.meta.url))

/** One session of the engine, with this module in it: what several calls share, such as a registry, lives as long as it does. */
export interface Session {
  client: Client
  /** Calls a function of the module; arguments by their names, objects by their ids. */
  call(name: string, args: Record<string, unknown>, fields?: string): Promise<unknown>
  close(): Promise<void>
}

export async function openSession(): Promise<Session> {
  // Without a path to it the library would download a dagger of its own.
  process.env._EXPERIMENTAL_DAGGER_CLI_BIN ??= execFileSync("sh", ["-c", "command -v dagger"], {
    encoding: "utf8",
  }).trim()
  let close: () => void = () => {}
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  return new Promise((resolve, reject) => {
    const log = process.env.SESSION_LOG === undefined ? {} : { LogOutput: process.stderr }
    const ended = connect(async (client) => {
      await client.moduleSource(repository).asModule().serve()
      const session: Session = {
        client,
        call: (name, args, fields = "") => callModule(client, name, args, fields),
        async close() {
          close()
          await ended
        },
      }
      resolve(session)
      await closed
    }, log)
    ended.catch(reject)
  })
}

async function callModule(
  client: Client,
  name: string,
  args: Record<string, unknown>,
  fields: string,
): Promise<unknown> {
  // As JSON, but with the names not in quotes, a value is one of GraphQL too: ids are texts to it.
  const list = Object.entries(args).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const query = `{ seamless { ${name}(${list.join(", ")}) ${fields} } }`
  try {
    const data = await client.getGQLClient().request<{ seamless: Record<string, unknown> }>(query)
    return data.seamless[name]
  } catch (error) {
    throw new Error(messageOf(error))
  }
}

/** What the engine says, without the query that it was asked. */
function messageOf(error: unknown): string {
  const { response } = error as { response?: { errors?: { message: string }[] } }
  return response?.errors?.map(({ message }) => message).join("\n") ?? String(error)
}
