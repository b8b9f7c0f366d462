import { expect, test } from "vitest"
import { parseHost } from "../../src/core/host-address.ts"
import { checkKnownHosts, knownHostsName } from "../../src/core/known-hosts.ts"

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZpeHR1cmVrZXlmaXh0dXJla2V5Zml4dHVyZWtleQ=="

test.each([
  ["d@example.com", "example.com"],
  ["d@Example.COM", "example.com"],
  ["d@example.com:2222", "[example.com]:2222"],
  ["d@[::1]", "::1"],
  ["d@[::1]:2222", "[::1]:2222"],
])("%s is looked up as %s", (host, name) => {
  expect(knownHostsName(parseHost(host))).toBe(name)
})

test.each<[what: string, text: string, host: string]>([
  ["a plain entry", `example.com ${key}`, "d@example.com"],
  ["a comment, an empty line, CRLF", `# ours\r\n\r\nexample.com ${key} root@example\r\n`, "d@example.com"],
  ["one of several names", `10.0.0.1,example.com ${key}\n`, "d@example.com"],
  ["one of several lines", `other ${key}\nexample.com ${key}\n`, "d@example.com"],
  ["a port", `[example.com]:2222 ${key}\n`, "d@example.com:2222"],
  ["an IPv6 address", `2001:db8::1 ${key}\n`, "d@[2001:db8::1]"],
  ["another case", `Example.com ${key}\n`, "d@eXample.com"],
  ["a pattern", `*.example.com ${key}\n`, "d@web.example.com"],
  ["a certificate authority", `@cert-authority *.example.com ${key}\n`, "d@web.example.com"],
  ["a hashed name, which may be the one", `|1|c2FsdHNhbHRzYWx0c2FsdA==|aGFzaA== ${key}\n`, "d@example.com"],
])("accepts %s", (_, text, host) => {
  expect(() => checkKnownHosts(text, parseHost(host))).not.toThrow()
})

test.each<[what: string, text: string, host: string, message: string]>([
  ["nothing", "", "d@example.com", "knownHosts: has no host key"],
  ["comments alone", "# nothing\n\n", "d@example.com", "knownHosts: has no host key"],
  ["another host", `other ${key}`, "d@example.com", "has no entry for example.com\n"],
  [
    "a host with that name in its own",
    `xexample.com ${key}`,
    "d@example.com",
    "has no entry for example.com\n",
  ],
  ["another port", `[example.com]:22 ${key}`, "d@example.com:2222", "has no entry for [example.com]:2222\n"],
  [
    "port 22 only",
    `example.com ${key}`,
    "d@example.com:2222",
    "; the entry for example.com is for port 22\n",
  ],
  ["a revoked key only", `@revoked example.com ${key}`, "d@example.com", "has no entry for example.com\n"],
  ["an excluded name", `*.com,!example.com ${key}`, "d@example.com", "has no entry for example.com\n"],
  ["a public key without a name", key, "d@example.com", "line 1 is not a known_hosts line"],
  ["a file name", "~/.ssh/known_hosts", "d@example.com", "line 1 is not a known_hosts line"],
  ["a cut key", "example.com ssh-ed25519 AAA", "d@example.com", "line 1 is not a known_hosts line"],
  ["a bad second line", `example.com ${key}\nrubbish`, "d@example.com", "line 2 is not a known_hosts line"],
  ["an unknown marker", `@trust example.com ${key}`, "d@example.com", "line 1 is not a known_hosts line"],
])("refuses %s", (_, text, host, message) => {
  expect(() => checkKnownHosts(text, parseHost(host))).toThrow(message)
})

test("says how to get the entry", () => {
  expect(() => checkKnownHosts("", parseHost("d@example.com"))).toThrow(
    "→ get it with: ssh-keyscan example.com ",
  )
  expect(() => checkKnownHosts("", parseHost("d@example.com:2222"))).toThrow(
    "ssh-keyscan -p 2222 example.com ",
  )
})

test("a pattern of many stars is matched in no time", () => {
  const text = `${"*a".repeat(60)}b ${key}`
  expect(() => checkKnownHosts(text, parseHost(`d@${"a".repeat(60)}`))).toThrow("has no entry for")
})
