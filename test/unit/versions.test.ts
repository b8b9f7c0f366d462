import { expect, test } from "vitest"
import { parsePep440 } from "../../src/core/pep440.ts"
import { parseSemver } from "../../src/core/semver.ts"

test.each<[text: string, version: string | undefined, preRelease?: string, build?: string]>([
  ["1.2.3", "1.2.3"],
  ["v1.2.3-rc.1+build.05", "1.2.3-rc.1", "rc.1", "build.05"],
  ["1.0.0--", "1.0.0--", "-"],
  ["1.0.0-0a.x-y", "1.0.0-0a.x-y", "0a.x-y"],
  ["1.2", undefined],
  ["1.2.3.4", undefined],
  ["01.2.3", undefined],
  ["1.2.3-01", undefined],
  ["1.2.3-a..b", undefined],
  ["1.2.3-", undefined],
  ["1.2.3+a_b", undefined],
  ["V1.2.3", undefined],
])("semver: %s", (text, version, preRelease, build) => {
  const read = parseSemver(text)
  expect([read?.version, read?.preRelease, read?.build]).toEqual([version, preRelease, build])
})

test.each<[text: string, version: string | undefined, final?: boolean]>([
  ["1.0", "1.0", true],
  ["v01.002", "1.2", true],
  ["1!2.0", "1!2.0", true],
  ["0!2.0", "2.0", true],
  ["1.0+Ubuntu-1_02", "1.0+ubuntu.1.2", true],
  ["1.0-ALPHA.1", "1.0a1", false],
  ["1.0c", "1.0rc0", false],
  ["1.0.preview_2", "1.0rc2", false],
  ["1.0-1", "1.0.post1", false],
  ["1.0rev", "1.0.post0", false],
  ["1.0-r4.dev_", "1.0.post4.dev0", false],
  ["1.0a1.post2.dev03+x", "1.0a1.post2.dev3+x", false],
  ["1.0-x", undefined],
  ["spring", undefined],
  ["1.0+", undefined],
])("PEP 440: %s", (text, version, final) => {
  const read = parsePep440(text)
  expect([read?.version, read?.final]).toEqual([version, final])
})
