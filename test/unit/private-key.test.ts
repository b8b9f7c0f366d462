import { execFileSync } from "node:child_process"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import { describe, expect, it, test } from "vitest"
import { normalizePrivateKey } from "../../src/core/private-key.ts"

/** The unencrypted private section's start of an OpenSSH key: magic, then the cipher's name. */
function openssh(cipher: string): string {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(cipher.length)
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    length,
    Buffer.from(cipher),
    Buffer.alloc(60, 7),
  ])
  const lines = body.toString("base64").match(/.{1,70}/g) ?? []
  return `${["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----"].join("\n")}\n`
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 })
const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString()
const lock = { cipher: "aes-128-cbc", passphrase: "x" }

describe.each([
  ["OpenSSH", openssh("none")],
  ["PEM", pem],
])("an %s key", (_, key) => {
  it.each<[what: string, damaged: string]>([
    ["as it is", key],
    ["CRLF", key.replaceAll("\n", "\r\n")],
    ["no final newline", key.trimEnd()],
    ["blank lines around", `\n\n${key}\n\n`],
    ["indented", key.replace(/^/gm, "  ")],
    ["blanks at line ends", key.replace(/$/gm, " \t")],
    ["the two characters \\n", key.replaceAll("\n", "\\n")],
    ["the characters \\r\\n", key.replaceAll("\n", "\\r\\n")],
  ])("is repaired: %s", (_, damaged) => {
    expect(normalizePrivateKey(damaged)).toBe(key)
  })
})

test("a repaired key is one that OpenSSL reads", () => {
  expect(createPrivateKey(normalizePrivateKey(pem.replaceAll("\n", "\\n"))).type).toBe("private")
})

test.each<[what: string, text: string, problem: string]>([
  ["nothing", "", "is empty"],
  ["blanks", " \n\r\n", "is empty"],
  ["a public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@laptop", "is a public key"],
  ["a PEM public key", publicKey.export({ type: "spki", format: "pem" }).toString(), "is a public key"],
  ["a PuTTY key", "PuTTY-User-Key-File-3: ssh-ed25519\n", "is in PuTTY's format"],
  ["a file name", "~/.ssh/id_ed25519", "is not an SSH private key"],
  ["a cut key", openssh("none").slice(0, 120), "is cut off"],
  ["two keys", pem + pem, "has text after its END line"],
  ["a locked OpenSSH key", openssh("aes256-ctr"), "is locked by a passphrase"],
  [
    "a locked PKCS #1 key",
    privateKey.export({ type: "pkcs1", format: "pem", ...lock }).toString(),
    "is locked",
  ],
  [
    "a locked PKCS #8 key",
    privateKey.export({ type: "pkcs8", format: "pem", ...lock }).toString(),
    "is locked",
  ],
])("refuses %s", (_, text, problem) => {
  expect(() => normalizePrivateKey(text)).toThrow(`sshKey: ${problem}`)
})

test("no part of the key is in the message", () => {
  const cut = openssh("none").slice(0, 120)
  expect(() => normalizePrivateKey(cut)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("b3Bl") }),
  )
})

/** ssh-keygen is the authority, where it is installed. */
const keygen = (() => {
  try {
    execFileSync("ssh-keygen", ["-?"], { stdio: "ignore" })
    return true
  } catch (error) {
    return (error as { code?: string }).code !== "ENOENT"
  }
})()

test.skipIf(!keygen)("keys of ssh-keygen, with and without a passphrase", async () => {
  const { mkdtempSync, readFileSync, rmSync } = await import("node:fs")
  const folder = mkdtempSync("/tmp/seamless-key-")
  const make = (name: string, passphrase: string) => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", `${folder}/${name}`])
    return readFileSync(`${folder}/${name}`, "utf8")
  }
  try {
    const open = make("open", "")
    expect(normalizePrivateKey(open)).toBe(open)
    expect(() => normalizePrivateKey(make("locked", "passphrase"))).toThrow("is locked by a passphrase")
  } finally {
    rmSync(folder, { recursive: true })
  }
})
