import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

/** Milliseconds in each unit of a Compose duration. The order is the one in which they are written. */
const units = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
  ["us", 0.001],
] as const

const milliseconds: ReadonlyMap<string, number> = new Map([...units, ["µs", 0.001], ["ns", 0.000_001]])

/** More than any deploy waits, and far below what a shell's integers or timers can hold. */
const longest = 30 * 24 * 3_600_000

/**
 * Reads a duration as Compose writes it: `10s`, `1m30s`, `500ms`, `1.5h`, or a plain `0`.
 *
 * @param path Where the value stands, for the error message.
 * @returns Milliseconds, a whole number, rounded.
 * @throws InputError on anything else: no unit, a negative one, more than 30 days.
 */
export function parseDuration(text: string, path = "duration"): number {
  const trimmed = text.trim()
  if (trimmed === "0") return 0
  const hint = 'write a number with a unit, such as "10s", "1m30s" or "500ms"'
  // Docker's own parser allows any order and repeats ("30s1m"); so do we.
  if (!/^(\d+(\.\d+)?(h|ms|us|µs|ns|m|s))+$/.test(trimmed)) {
    throw new InputError(path, `${shown(text)} is not a duration`, hint)
  }
  let total = 0
  for (const [, amount = "", unit = ""] of trimmed.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)) {
    total += Number(amount) * (milliseconds.get(unit) ?? Number.NaN)
  }
  if (!(total <= longest)) throw new InputError(path, `${shown(text)} is longer than 30 days`, hint)
  return Math.round(total)
}

/**
 * Writes milliseconds as a Compose duration: `90000` is `1m30s`, `0` is `0s`.
 *
 * @param ms Not negative; rounded to whole milliseconds.
 */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  let text = ""
  for (const [unit, size] of units.slice(0, 4)) {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    if (amount > 0) text += `${amount}${unit}`
  }
  return text || "0s"
}
