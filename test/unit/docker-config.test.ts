import { expect, test } from "vitest"
import { findLogin } from "../../src/core/docker-config.ts"

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") })
const config = JSON.stringify({
  auths: {
    "https://index.docker.io/v1/": auth("acme:hub-token"),
    "ghcr.io": auth("octocat:ghp:with:colons"),
    "http://registry:5000": { username: "ci", password: "pässword" },
    "umlaut.example": auth("ci:pässword"),
    "empty.example": {},
  },
  credHelpers: { "123.dkr.ecr.eu-central-1.amazonaws.com": "ecr-login" },
})

test.each([
  ["docker.io", { user: "acme", password: "hub-token" }],
  ["ghcr.io", { user: "octocat", password: "ghp:with:colons" }],
  ["registry:5000", { user: "ci", password: "pässword" }],
  ["umlaut.example", { user: "ci", password: "pässword" }],
  ["empty.example", undefined],
  ["registry", undefined],
])("the login for %s", (registry, login) => expect(findLogin(config, registry)).toEqual(login))

test.each([
  [config, "123.dkr.ecr.eu-central-1.amazonaws.com"],
  [JSON.stringify({ auths: { "ghcr.io": {} }, credsStore: "desktop" }), "ghcr.io"],
])("a program that keeps the login cannot be asked: %#", (text, registry) => {
  expect(() => findLogin(text, registry)).toThrow(
    `registryConfig: the login for ${registry} is kept by a program of your machine\n  → leave --registry-config out`,
  )
})

test.each([
  ['{"auths": {"ghcr.io": {"auth": "s3cret"', "it is not JSON"],
  ["[]", "it is no Docker configuration"],
  ['{"auths": ["s3cret"]}', "its auths is no object"],
  ['{"auths": {"ghcr.io": "s3cret"}}', "its auths has an entry that is no object"],
  ['{"auths": {"ghcr.io": {"auth": "czNjcmV0"}}}', "it has a login that is not user:password in base64"],
  ['{"auths": {"ghcr.io": {"auth": "%s3cret%"}}}', "it has a login that is not user:password in base64"],
])("refuses %s, without showing it", (text, problem) => {
  const call = () => findLogin(text, "ghcr.io")
  expect(call).toThrow(`registryConfig: ${problem}\n`)
  expect(call).not.toThrow(/s3cret|czNj/)
})
