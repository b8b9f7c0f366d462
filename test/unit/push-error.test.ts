import { describe, expect, it } from "vitest"
import { explainGivenUp } from "../../src/core/push-error.ts"
import { isPassing, registryAnswer } from "../../src/core/registry-answer.ts"

// As the engine says it, word by word.
const put = (status: string) =>
  `failed commit on ref "manifest-sha256:b2418917": unexpected status from PUT request to http://localhost:5000/v2/app/manifests/one?_state=s3cret: ${status}\nunknown: planted fault`
const reset =
  'failed to do request: Put "http://localhost:5000/v2/app/blobs/uploads/197c?_state=s3cret&digest=x": read tcp 10.89.0.1:5->10.89.0.2:5000: read: connection reset by peer'

describe("what passes", () => {
  it.each([
    put("500 Internal Server Error"),
    put("502 Bad Gateway"),
    put("503 Service Unavailable"),
    put("504 Gateway Timeout"),
    put("429 Too Many Requests"),
    reset,
    "short read: expected 1042 bytes but got 0: unexpected EOF",
    "write tcp 10.89.0.1:5->10.89.0.2:5000: use of closed network connection",
    "dial tcp 10.0.0.1:443: i/o timeout",
    "net/http: TLS handshake timeout",
    "net/http: timeout awaiting response headers",
  ])("%s", (said) => expect(isPassing(said)).toBe(true))
})

describe("what stays", () => {
  it.each([
    put("400 Bad Request"),
    put("401 Unauthorized"),
    put("403 Forbidden"),
    put("404 Not Found"),
    put("501 Not Implemented"),
    'failed to do request: Head "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    "dial tcp: lookup nohost.invalid on 10.89.0.1:53: no such host",
    'failed to do request: Put "https://ghcr.io/v2/acme/503/manifests/503": x509: certificate signed by unknown authority',
  ])("%s", (said) => expect(isPassing(said)).toBe(false))
})

describe("the answer on one line", () => {
  it.each([
    [put("502 Bad Gateway"), "502 Bad Gateway to PUT /v2/app/manifests/one (unknown: planted fault)"],
    [
      reset,
      'failed to do request: Put "http://localhost:5000/v2/app/blobs/uploads/197c": read tcp 10.89.0.1:5->10.89.0.2:5000: read: connection reset by peer',
    ],
    [
      "short read: expected 1042 bytes but got 0: unexpected EOF",
      '429 or 503, which the engine tells as "short read: expected 1042 bytes but got 0: unexpected EOF"',
    ],
  ])("%s", (said, answer) => {
    expect(registryAnswer(said)).toBe(answer)
    expect(registryAnswer(said)).not.toContain("s3cret")
  })
})

describe("a push that was given up", () => {
  const given = {
    what: "push" as const,
    name: "ghcr.io/acme/web:2",
    repository: "ghcr.io/acme/web",
    tries: 9,
    ms: 113_000,
  }

  it("says how often it was tried and for how long, and what is in the registry", () => {
    const { message } = explainGivenUp(new Error(put("502 Bad Gateway")), given, ["ghcr.io/acme/web:1"])
    expect(message).toBe(
      `the push of ghcr.io/acme/web:2 failed 9 times in 1m53s, the last time with 502 Bad Gateway to PUT /v2/app/manifests/one (unknown: planted fault)
  → the registry has trouble: try again later, or be more patient with --push-patience; pushed before: ghcr.io/acme/web:1`,
    )
  })

  it("says so when it is the look at what was pushed that fails", () => {
    const { message } = explainGivenUp(new Error(put("502 Bad Gateway")), { ...given, what: "check" }, [
      given.name,
    ])
    expect(message).toMatch(/^the check of ghcr\.io\/acme\/web:2 failed 9 times/)
  })

  it("that the registry refuses is the caller's to correct", () => {
    const refused = new Error(put("403 Forbidden"))
    expect(explainGivenUp(refused, given, [])).toMatchObject({ name: "InputError", path: "registryToken" })
    expect(explainGivenUp(refused, given, ["ghcr.io/acme/web:1"]).message).toMatch(
      /^registryToken: the registry refuses the push to ghcr.io\/acme\/web\n {2}→ .*; pushed before: ghcr.io\/acme\/web:1$/,
    )
    expect(explainGivenUp(new Error(put("404 Not Found")), given, []).message).toBe(
      `repository: the push to ghcr.io/acme/web failed: 404 Not Found to PUT /v2/app/manifests/one (unknown: planted fault)
  → check the name: some registries want a repository to be created before the first push`,
    )
  })
})
