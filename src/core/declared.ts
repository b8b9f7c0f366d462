import type { ComposeConfig } from "./compose.ts"
import { InputError } from "./errors.ts"
import { parseMigration } from "./options.ts"

/** `x-seamless.migrate` of the Compose file. */
export function declaredMigration({ "x-seamless": extension }: ComposeConfig): string | undefined {
  if (extension === undefined) return undefined
  if (typeof extension !== "object" || extension === null || Array.isArray(extension))
    throw new InputError("x-seamless", "it is not a mapping", "write migrate: COMMAND below it")
  const { migrate, ...unknown } = extension as Record<string, unknown>
  for (const key of Object.keys(unknown))
    throw new InputError(`x-seamless.${key}`, "there is no such setting", "it has migrate")
  if (migrate === undefined) return undefined
  if (typeof migrate !== "string")
    throw new InputError("x-seamless.migrate", "it is not text", "write the command as one string")
  // In what Compose prints a dollar sign is doubled, so that it could be read again.
  return parseMigration(migrate.replaceAll("$$", "$"), "x-seamless.migrate")
}
