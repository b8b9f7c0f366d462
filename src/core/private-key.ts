import { InputError } from "./errors.ts"

const hint = "give the private key file as it is: -----BEGIN OPENSSH PRIVATE KEY----- …, without a passphrase"

/**
 * An SSH private key as ssh accepts it. Values from CI variables often lost their last newline, gained CRLF or
 * have the two characters `\n` for each line break: repaired here.
 *
 * The key itself is never part of an error message.
 *
 * @param path Where the value stands, for the error message.
 * @throws InputError when it is empty, a public key, cut off, of an unknown format or locked by a passphrase.
 */
export function normalizePrivateKey(text: string, path = "sshKey"): string {
  const lines = text
    .replace(/(?:\\r)?\\n/g, "\n")
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .join("\n")
    .trim()
  if (lines === "") throw new InputError(path, "is empty", hint)
  if (/^(ssh-|ecdsa-|sk-)\S+ |^-----BEGIN (SSH2 )?[A-Z ]*PUBLIC KEY-----|^---- BEGIN SSH2/.test(lines)) {
    throw new InputError(path, "is a public key", "give the private one: the file without .pub")
  }
  if (lines.startsWith("PuTTY-User-Key-File")) {
    throw new InputError(
      path,
      "is in PuTTY's format",
      "convert it: puttygen key.ppk -O private-openssh -o key",
    )
  }
  const [, kind, body = ""] = /^-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\n(.*)$/s.exec(lines) ?? []
  if (kind === undefined) throw new InputError(path, "is not an SSH private key", hint)
  const [content = "", rest] = body.split(`-----END ${kind}-----`)
  if (rest === undefined) throw new InputError(path, "is cut off: it has no END line", hint)
  if (rest.trim() !== "") throw new InputError(path, "has text after its END line", hint)
  if (isLocked(kind, content)) {
    throw new InputError(
      path,
      "is locked by a passphrase",
      "use a key of its own for deploys (ssh-keygen -t ed25519 -N ''), or an agent socket",
    )
  }
  return `${lines}\n`
}

function isLocked(kind: string, content: string): boolean {
  if (kind === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: *4, *ENCRYPTED/m.test(content)) return true
  if (kind !== "OPENSSH PRIVATE KEY") return false
  // PROTOCOL.key of OpenSSH: the magic "openssh-key-v1\0", then the cipher's name with its length, four bytes.
  const opened = decodeBase64(content.replace(/\s/g, "").slice(0, 40))
  const magic = "openssh-key-v1\0\0\0\0"
  return opened.startsWith(magic) && !opened.startsWith("\x04none", magic.length)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** Bytes of base64 as characters. Of a character that is none of it nothing is made: the caller compares. */
function decodeBase64(text: string): string {
  const bits = [...text].map((character) => alphabet.indexOf(character).toString(2).padStart(6, "0")).join("")
  return (bits.match(/[01]{8}/g) ?? []).map((byte) => String.fromCharCode(Number.parseInt(byte, 2))).join("")
}
