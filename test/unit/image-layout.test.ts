import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { configOfPlatform, imageArchive, manifestOf } from "../../src/core/image-layout.ts"
import { readTar, writeTar } from "../../src/core/tar.ts"

let dir = ""
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "seamless-tar-"))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const files = new Map([
  ["oci-layout", "{}"],
  ["blobs/sha256/abc", "Zoë\n".repeat(200)],
  ["empty", ""],
  ["block", "x".repeat(512)],
])

test("tar itself reads our archives", () => {
  writeFileSync(join(dir, "a.tar"), writeTar(files))
  execFileSync("tar", ["-xf", "a.tar"], { cwd: dir })
  for (const [path, content] of files) expect(readFileSync(join(dir, path), "utf8")).toBe(content)
})

test("we read tar's archives, and our own", () => {
  writeFileSync(join(dir, "one"), "1\n")
  writeFileSync(join(dir, "two"), "é")
  execFileSync("tar", ["--format=ustar", "-cf", "b.tar", "./one", "two"], { cwd: dir })
  expect(readTar(readFileSync(join(dir, "b.tar"), "utf8"))).toEqual(
    new Map([
      ["./one", "1\n"],
      ["two", "é"],
    ]),
  )
  expect(readTar(writeTar(files))).toEqual(files)
})

test("the configuration gets another platform, and keeps the rest", () => {
  const old = {
    architecture: "amd64",
    variant: "v2",
    os: "linux",
    config: { User: "1", StopSignal: "SIGINT" },
    created: null,
  }
  const config = { digest: "sha256:c0", text: JSON.stringify(old) }
  const archive = imageArchive(config, { digest: "sha256:d0", text: manifestOf(config) })
  const rootfs = { type: "layers", diff_ids: [] }
  const { variant: _, ...kept } = old
  expect(JSON.parse(configOfPlatform(archive, "linux/arm64"))).toEqual({
    ...kept,
    architecture: "arm64",
    rootfs,
  })
  expect(JSON.parse(configOfPlatform(archive, "linux/arm/v7"))).toEqual({
    ...kept,
    ...{ architecture: "arm", variant: "v7", rootfs },
  })
})
