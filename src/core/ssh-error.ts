import { InputError } from "./errors.ts"

/** What OpenSSH says at last, what it means, and what to do about it. The first match counts. */
const causes: readonly [said: RegExp, path: string, problem: string, hint: string][] = [
  [
    /Host key verification failed/i,
    "knownHosts",
    "the host's key is not the one in known_hosts",
    "if the host was set up anew, read its key there (ssh-keyscan, compared over another way) and replace the line; else somebody is in between",
  ],
  [
    /Permission denied \(/,
    "sshKey",
    "the host accepts none of the keys",
    "add the public key to ~/.ssh/authorized_keys of that user on the host",
  ],
  [
    /Could not resolve hostname/i,
    "host",
    "its name cannot be resolved",
    "aliases of ~/.ssh/config and names in /etc/hosts are not seen by the engine: use a DNS name or an address",
  ],
  [
    /Connection refused/i,
    "host",
    "nothing listens on its SSH port",
    "check the port (user@name:port) and that sshd runs",
  ],
  [
    /timed out|No route to host|Network is unreachable/i,
    "host",
    "it does not answer",
    "check the address, the port and the firewall; a VPN of this machine may not reach the engine",
  ],
  [
    /Connection (closed|reset)|kex_exchange_identification|Broken pipe|not responding/i,
    "host",
    "the connection broke",
    "the host goes on by itself: ask for `status`, or run the deploy again",
  ],
]

/** ssh goes on without a key that it cannot read, so that its last word is another one. */
const unreadableKey = /^Load key /m

/** Exit status 255 of ssh is the way there, not the command: the error says which part of the way. */
export function explainSsh(host: string, stderr: string): InputError {
  const last = stderr.trim().split("\n").at(-1) ?? ""
  if (unreadableKey.test(stderr)) {
    const hint = "give an OpenSSH private key without a passphrase, or an agent with --ssh-agent"
    return new InputError("sshKey", `SSH to ${host} failed: the private key cannot be read`, hint)
  }
  // What the host's command printed stands before it, and may sound just the same.
  const cause = causes.find(([said]) => said.test(last))
  if (cause === undefined)
    return new InputError("host", `SSH to ${host} failed: ${last}`, "try the same with ssh by hand")
  const [, path, problem, hint] = cause
  return new InputError(path, `SSH to ${host} failed: ${problem} (${last})`, hint)
}
