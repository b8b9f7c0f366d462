import { expect, test } from "vitest"
import { explainSsh } from "../../src/core/ssh-error.ts"

// The texts are OpenSSH's own (9.2).
test.each<[stderr: string, path: string, problem: string]>([
  [
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending ED25519 key in /ssh/known_hosts:1\nHost key verification failed.",
    "knownHosts",
    "the host's key is not the one in known_hosts (Host key verification failed.)",
  ],
  [
    "No ED25519 host key is known for host.test and you have requested strict checking.\nHost key verification failed.",
    "knownHosts",
    "the host's key is not the one in known_hosts",
  ],
  ["deploy@host.test: Permission denied (publickey).", "sshKey", "the host accepts none of the keys"],
  ['Load key "/ssh/key": error in libcrypto', "sshKey", "the private key cannot be read"],
  ['Load key "/ssh/key": invalid format', "sshKey", "the private key cannot be read"],
  [
    'Load key "/ssh/key": error in libcrypto\r\ndeploy@host.test: Permission denied (publickey).',
    "sshKey",
    "the private key cannot be read",
  ],
  [
    "ssh: Could not resolve hostname host.test: Name or service not known",
    "host",
    "its name cannot be resolved",
  ],
  ["ssh: connect to host host.test port 22: Connection refused", "host", "nothing listens on its SSH port"],
  ["ssh: connect to host host.test port 22: Connection timed out", "host", "it does not answer"],
  ["ssh: connect to host host.test port 22: No route to host", "host", "it does not answer"],
  ["ssh: connect to host host.test port 22: Network is unreachable", "host", "it does not answer"],
  ["Connection timed out during banner exchange", "host", "it does not answer"],
  ["Connection closed by 10.0.0.1 port 22", "host", "the connection broke"],
  ["kex_exchange_identification: read: Connection reset by peer", "host", "the connection broke"],
  ["client_loop: send disconnect: Broken pipe", "host", "the connection broke"],
  ["Timeout, server host.test not responding.", "host", "the connection broke"],
])("%j", (stderr, path, problem) => {
  const { message, ...error } = explainSsh("deploy@host.test", stderr)
  expect(error.path).toBe(path)
  expect(message).toContain(`${path}: SSH to deploy@host.test failed: ${problem}`)
  expect(message.split("\n")).toEqual([expect.any(String), expect.stringMatching(/^ {2}→ ./)])
})

test("a text that is not known is shown as it is", () => {
  expect(explainSsh("deploy@host.test", "first\nUnsupported option\n").message).toBe(
    "host: SSH to deploy@host.test failed: Unsupported option\n  → try the same with ssh by hand",
  )
  expect(explainSsh("deploy@host.test", "").message).toContain("failed: \n")
})

test("what a connection printed before it broke does not pass for another cause", () => {
  const stderr =
    "docker: permission denied while trying to connect to the Docker daemon\nConnection closed by 10.0.0.1 port 22\n"
  expect(explainSsh("deploy@host.test", stderr).message).toContain("the connection broke")
})
