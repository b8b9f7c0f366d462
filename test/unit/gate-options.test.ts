import { describe, expect, it, test } from "vitest"
import { parseSbomFormat, parseSignable, parseThreshold } from "../../src/core/gate-options.ts"
import { gates } from "../../src/gates/gates.ts"

const digest = `sha256:${"a".repeat(64)}`

test.each([
  [`ghcr.io/acme/web:1.4.2@${digest}`, "ghcr.io/acme/web"],
  [`acme/web@${digest}`, "acme/web"],
])("%s can be signed", (reference, repository) => {
  expect(parseSignable(reference)).toEqual({ repository, digest })
})

test.each<[() => unknown, string]>([
  [() => parseSignable("ghcr.io/acme/web:1.4.2"), 'reference: "ghcr.io/acme/web:1.4.2" has no digest'],
  [
    () => parseThreshold("severe", "scanThreshold"),
    'scanThreshold: "severe" is not a severity\n  → use negligible',
  ],
  [() => parseThreshold("High", "threshold"), 'threshold: "High" is not a severity'],
  [() => parseSbomFormat("pdf"), 'format: "pdf" is not a form that there is\n  → use spdx-json'],
])("refuses: %s", (call, message) => expect(call).toThrow(message))

describe("the gates of a publication", () => {
  it("are none unless asked for", () => expect(gates({ transparencyLog: false })).toEqual({}))

  it("are checked before anything is built", () => {
    expect(() => gates({ scanThreshold: "", transparencyLog: false })).toThrow(
      'scanThreshold: "" is not a severity',
    )
    expect(() => gates({ transparencyLog: true })).toThrow("signKey: there is no key to sign with")
  })
})
