import { expect, test } from "vitest"
import { formatHost, type HostAddress, parseHost } from "../../src/core/host-address.ts"

test.each<[text: string, address: HostAddress]>([
  ["deploy@example.com", { user: "deploy", name: "example.com", port: 22 }],
  ["deploy@example.com:2222", { user: "deploy", name: "example.com", port: 2222 }],
  ["ssh://deploy@example.com:2222", { user: "deploy", name: "example.com", port: 2222 }],
  ["ssh://deploy@example.com/", { user: "deploy", name: "example.com", port: 22 }],
  ["root@10.0.0.1", { user: "root", name: "10.0.0.1", port: 22 }],
  ["deploy@[2001:db8::1]", { user: "deploy", name: "2001:db8::1", port: 22 }],
  ["deploy@[::1]:2222", { user: "deploy", name: "::1", port: 2222 }],
  ["deploy@[::ffff:10.0.0.1]", { user: "deploy", name: "::ffff:10.0.0.1", port: 22 }],
  ["deploy@[fe80::1%eth0]", { user: "deploy", name: "fe80::1%eth0", port: 22 }],
  ["_svc.deploy-1@web_1", { user: "_svc.deploy-1", name: "web_1", port: 22 }],
  ["deploy@host:1", { user: "deploy", name: "host", port: 1 }],
  ["deploy@host:65535", { user: "deploy", name: "host", port: 65535 }],
])("reads %s", (text, address) => {
  expect(parseHost(text)).toEqual(address)
  expect(parseHost(formatHost(address))).toEqual(address)
})

test.each<[text: string, problem: string]>([
  ["", "is empty"],
  ["example.com", "has no user"],
  ["@example.com", 'has the malformed user ""'],
  ["deploy@", 'has the malformed name ""'],
  ["deploy@:22", 'has the malformed name ""'],
  ["deploy@host:", 'has the bad port ""'],
  ["deploy@host:0", 'has the bad port "0"'],
  ["deploy@host:65536", 'has the bad port "65536"'],
  ["deploy@host:abc", 'has the bad port "abc"'],
  ["deploy@host:22/srv/app", 'has the bad port "22/srv/app"'],
  ["deploy@host:-1", 'has the bad port "-1"'],
  ["deploy@host:+22", 'has the bad port "+22"'],
  ["deploy@ho st", 'has the malformed name "ho st"'],
  [" deploy@host", 'has the malformed user " deploy"'],
  ["deploy@host ", 'has the malformed name "host "'],
  ["deploy@host\n", 'has the malformed name "host\\n"'],
  ["deploy@host/srv", 'has the malformed name "host/srv"'],
  ["deploy@-oProxyCommand=id", "begins with a dash"],
  ["-oProxyCommand=id@host", 'has the malformed user "-oProxyCommand=id"'],
  ["-l@host", 'has the malformed user "-l"'],
  ["deploy@$(id)", 'has the malformed name "$(id)"'],
  ["deploy@host;id", 'has the malformed name "host;id"'],
  ["a@b@host", 'has the malformed user "a@b"'],
  ["deploy:secret@host", "carries a password"],
  ["https://deploy@host", "carries a password"],
  ["deploy@2001:db8::1", "has more than one colon"],
  ["deploy@[host]", "has no IPv6 address in its brackets"],
  ["deploy@[::1", "has more than one colon"],
  ["deploy@[1:2:3]", "has no IPv6 address in its brackets"],
  ["deploy@[::1%-x y]", "has no IPv6 address in its brackets"],
  [`deploy@${"a".repeat(254)}`, "has the malformed name"],
])("refuses %j", (text, problem) => {
  expect(() => parseHost(text, "hosts[1]")).toThrow(problem)
  expect(() => parseHost(text, "hosts[1]")).toThrow(/^hosts\[1\]: [^\n]+\n {2}→ [^\n]+$/)
})
