import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

/** Where SSH connects to. */
export interface HostAddress {
  user: string
  /** Host name, IPv4 or IPv6 address, without brackets. */
  name: string
  /** 1 to 65535. */
  port: number
}

const userPattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/
// Underscores are no host names, but the names of containers and of aliases in practice have them.
const namePattern =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/

/**
 * Reads `user@name[:port]`, also with `ssh://` before it. An IPv6 address stands in brackets. The port is 22 unless given.
 *
 * No part can begin with a dash: ssh would take it for an option, such as `-oProxyCommand=…`.
 *
 * @param path Where the value stands, for the error message.
 * @throws InputError that says which part is missing or malformed.
 */
export function parseHost(text: string, path = "host"): HostAddress {
  const refuse = (problem: string, hint = "write user@name or user@name:port") =>
    new InputError(path, `${shown(text)} ${problem}`, hint)
  if (text === "") throw new InputError(path, "is empty", "write user@name or user@name:port")
  const address = text.replace(/^ssh:\/\//, "").replace(/^([^/]*)\/$/, "$1")
  const at = address.lastIndexOf("@")
  if (at < 0) throw refuse("has no user")
  const user = address.slice(0, at)
  if (user.includes(":")) throw refuse("carries a password", "remove it: Seamless logs in with a key")
  if (!userPattern.test(user)) throw refuse(`has the malformed user ${shown(user)}`)

  const { name, port } = splitPort(address.slice(at + 1), refuse)
  if (name.startsWith("-")) throw refuse("has a name that begins with a dash")
  if (!isIpv6(name) && !namePattern.test(name)) throw refuse(`has the malformed name ${shown(name)}`)
  return { user, name, port: port === undefined ? 22 : parsePort(port, refuse) }
}

type Refuse = (problem: string, hint?: string) => InputError

function splitPort(rest: string, refuse: Refuse): { name: string; port?: string } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest)
  if (bracketed) {
    const [, name = "", port] = bracketed
    if (!isIpv6(name)) throw refuse(`has no IPv6 address in its brackets`, "write user@[2001:db8::1]:22")
    return port === undefined ? { name } : { name, port }
  }
  const [name = "", port, ...more] = rest.split(":")
  if (more.length > 0) {
    throw refuse(
      "has more than one colon in its name",
      "write an IPv6 address in brackets: user@[2001:db8::1]:22",
    )
  }
  return port === undefined ? { name } : { name, port }
}

/** Groups of hex digits with at most one `::`, a dotted end and a zone allowed. Resolving decides the rest. */
function isIpv6(text: string): boolean {
  const [address = "", zone, ...more] = text.split("%")
  if (more.length > 0 || (zone !== undefined && !/^[A-Za-z0-9_.-]+$/.test(zone))) return false
  const dotted = /^(.*:)\d{1,3}(?:\.\d{1,3}){3}$/.exec(address)
  const groups = (dotted ? `${dotted[1]}0:0` : address).split("::")
  if (groups.length > 2) return false
  const written = groups.filter((part) => part !== "").flatMap((part) => part.split(":"))
  const count = groups.length === 2 ? written.length <= 7 : written.length === 8
  return count && written.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))
}

function parsePort(port: string, refuse: Refuse): number {
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    throw refuse(`has the bad port ${shown(port)}`, "a port is a number from 1 to 65535")
  }
  return Number(port)
}

/** The address as {@link parseHost} reads it; the port is left out when it is 22. */
export function formatHost({ user, name, port }: HostAddress): string {
  const host = name.includes(":") ? `[${name}]` : name
  return `${user}@${host}${port === 22 ? "" : `:${port}`}`
}
