import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

// Formats of the Moment library, as they stand in tag rules: https://momentjs.com/docs/#/displaying/format/
// What Moment knows and this file does not (weeks, quarters, eras, localized forms) is refused: a letter taken for
// itself would give a tag that looks right and is not.

/** A time in one zone. */
interface Local {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
  /** `Friday` */
  weekday: string
  /** `+09:00` */
  offset: string
  /** Milliseconds since 1970. */
  time: number
}

const monthNames =
  "January February March April May June July August September October November December".split(" ")
const weekdays = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ")

const tokens: Readonly<Record<string, (at: Local) => string | number>> = {
  YYYY: ({ year }) => pad(year, 4),
  YY: ({ year }) => pad(year % 100),
  MMMM: ({ month }) => monthName(month),
  MMM: ({ month }) => monthName(month).slice(0, 3),
  MM: ({ month }) => pad(month),
  M: ({ month }) => month,
  DDDD: (at) => pad(dayOfYear(at), 3),
  DDD: dayOfYear,
  DD: ({ day }) => pad(day),
  Do: ({ day }) => `${day}${ordinal(day)}`,
  D: ({ day }) => day,
  dddd: ({ weekday }) => weekday,
  ddd: ({ weekday }) => weekday.slice(0, 3),
  dd: ({ weekday }) => weekday.slice(0, 2),
  d: ({ weekday }) => weekdays.indexOf(weekday),
  HH: ({ hour }) => pad(hour),
  H: ({ hour }) => hour,
  hh: ({ hour }) => pad(hour % 12 || 12),
  h: ({ hour }) => hour % 12 || 12,
  mm: ({ minute }) => pad(minute),
  m: ({ minute }) => minute,
  ss: ({ second }) => pad(second),
  s: ({ second }) => second,
  SSS: ({ ms }) => pad(ms, 3),
  SS: ({ ms }) => pad(Math.floor(ms / 10)),
  S: ({ ms }) => Math.floor(ms / 100),
  A: ({ hour }) => (hour < 12 ? "AM" : "PM"),
  a: ({ hour }) => (hour < 12 ? "am" : "pm"),
  ZZ: ({ offset }) => offset.replace(":", ""),
  Z: ({ offset }) => offset,
  X: ({ time }) => Math.floor(time / 1000),
  x: ({ time }) => time,
}

/** Longest first; a text in brackets stands for itself. */
const scanner =
  /\[([^\]]*)\]|Mo|Qo|DDDo|do|wo|Wo|YYYYY+|YYYY|YY|MMMM|MMM|MM|M|DDDD|DDD|DD|Do|D|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|S{4,}|SSS|SS|S|A|a|ZZ|Z|X|x|[YQEeWwGgyNkzLl]/g

/**
 * A time by a format of Moment, such as `YYYYMMDD-HHmmss`.
 *
 * @param time Milliseconds since 1970.
 * @param zone Name of the time zone in the IANA database.
 * @param path Names the wrong value in an error.
 */
export function formatDate(time: number, format: string, zone: string, path: string): string {
  const at = inZone(time, zone, path)
  return format.replace(scanner, (token, literal: string | undefined) => {
    if (literal !== undefined) return literal
    const render = tokens[token]
    if (render !== undefined) return String(render(at))
    throw new InputError(
      path,
      `the date format ${shown(format)} has ${shown(token)}, which is not supported`,
      `use ${Object.keys(tokens).join(" ")}; put text between brackets`,
    )
  })
}

function inZone(time: number, zone: string, path: string): Local {
  const parts = new Map(
    zoneFormat(zone, path)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  )
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  return {
    year: number("year"),
    month: number("month"),
    day: number("day"),
    hour: number("hour"),
    minute: number("minute"),
    second: number("second"),
    ms: time % 1000,
    weekday: parts.get("weekday") ?? "",
    offset: (parts.get("timeZoneName") ?? "").replace("GMT", "") || "+00:00",
    time,
  }
}

function zoneFormat(timeZone: string, path: string): Intl.DateTimeFormat {
  const digits = "2-digit"
  const date = { year: "numeric", month: digits, day: digits, weekday: "long" } as const
  const clock = { hour: digits, minute: digits, second: digits, hourCycle: "h23" } as const
  try {
    return new Intl.DateTimeFormat("en-US", { ...date, ...clock, timeZone, timeZoneName: "longOffset" })
  } catch {
    throw new InputError(path, `${shown(timeZone)} is not a time zone`, "name it as Europe/Berlin, or UTC")
  }
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0")

const monthName = (month: number) => monthNames[month - 1] as string

function dayOfYear({ year, month, day }: Local): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]
  return lengths.slice(0, month - 1).reduce((sum, length) => sum + length, day)
}

/** English: 1st, 2nd, 3rd, 11th, 12th, 13th. */
function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return "th"
  return ["th", "st", "nd", "rd"][day % 10] ?? "th"
}
