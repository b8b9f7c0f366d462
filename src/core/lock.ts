import { InputError } from "./errors.ts"
import { oneLine } from "./text.ts"

/** What whoever wants to deploy reads while the project is locked. */
export function lockReason(reason: string, by: string, at: string): string {
  if (reason.trim() === "") throw new InputError("reason", "it is empty", "say why nobody may deploy")
  const who = by === "" ? "" : ` by ${by}`
  return oneLine(`${reason.trim()} (locked${who} at ${at})`)
}
