// The format is the one of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT":
//   [@cert-authority|@revoked] names key-type base64-key [comment]
import { InputError } from "./errors.ts"
import type { HostAddress } from "./host-address.ts"
import { shown } from "./text.ts"

const keyType =
  /^(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp\d+|sk-[a-z0-9-]+@openssh\.com)(?:-cert-v01@openssh\.com)?$/
const base64 = /^[A-Za-z0-9+/]{20,}={0,2}$/

/** The name that ssh looks for in known_hosts: `name`, or `[name]:port` when the port is not 22. */
export function knownHostsName({ name, port }: HostAddress): string {
  const host = name.toLowerCase()
  return port === 22 ? host : `[${host}]:${port}`
}

/**
 * Checks that a known_hosts text can vouch for a host, so that a wrong one is found before anything is started.
 * ssh does the real check of the key.
 *
 * Hashed names (`|1|…`) cannot be compared without their key, so a hashed line may be the one.
 *
 * @param path Where the value stands, for the error message.
 * @throws InputError when it is empty, has a line that is none of the format, or no line for the host.
 */
export function checkKnownHosts(text: string, address: HostAddress, path = "knownHosts"): void {
  const name = knownHostsName(address)
  const hint = `get it with: ssh-keyscan${address.port === 22 ? "" : ` -p ${address.port}`} ${address.name}  (and compare the fingerprint)`
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const entries = lines.filter(({ line }) => line !== "" && !line.startsWith("#"))
  if (entries.length === 0) throw new InputError(path, "has no host key", hint)

  const malformed = entries.find(({ line }) => parseEntry(line) === undefined)
  if (malformed) {
    const problem = `line ${malformed.number} is not a known_hosts line: ${shown(malformed.line)}`
    throw new InputError(path, problem, hint)
  }
  if (!entries.some(({ line }) => vouchesFor(parseEntry(line), name))) {
    const otherPort =
      address.port !== 22 &&
      entries.some(({ line }) => vouchesFor(parseEntry(line), address.name.toLowerCase()))
    const reason = otherPort ? `; the entry for ${address.name} is for port 22` : ""
    throw new InputError(path, `has no entry for ${name}${reason}`, hint)
  }
}

interface Entry {
  revoked: boolean
  names: string[]
}

function parseEntry(line: string): Entry | undefined {
  const words = line.split(/[ \t]+/)
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined
  if (marker !== undefined && marker !== "@cert-authority" && marker !== "@revoked") return undefined
  const [names = "", type = "", key = ""] = words
  if (!keyType.test(type) || !base64.test(key)) return undefined
  return { revoked: marker === "@revoked", names: names.split(",") }
}

function vouchesFor(entry: Entry | undefined, name: string): boolean {
  if (entry === undefined || entry.revoked) return false
  if (entry.names.some((it) => it.startsWith("!") && matches(it.slice(1), name))) return false
  return entry.names.some((it) => it.startsWith("|1|") || matches(it, name))
}

/** Whether a name pattern matches: `*` stands for any run of characters, `?` for one. */
function matches(pattern: string, name: string): boolean {
  // Bounded work for any pattern: the classic scan that remembers the last star.
  const wanted = pattern.toLowerCase()
  let [at, star, resume] = [0, -1, 0]
  for (let position = 0; position < name.length; ) {
    if (at < wanted.length && wanted[at] === "*") {
      star = at++
      resume = position
    } else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === name[position])) {
      at++
      position++
    } else if (star >= 0) {
      at = star + 1
      position = ++resume
    } else return false
  }
  return /^\**$/.test(wanted.slice(at))
}
