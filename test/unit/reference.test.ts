import fc from "fast-check"
import { expect, test } from "vitest"
import {
  familiarName,
  parseReference,
  parseRepository,
  parseTag,
  type Reference,
  sameRegistry,
  sameRepository,
} from "../../src/core/reference.ts"

const sha = `sha256:${"0123456789abcdef".repeat(4)}`

test.each<[text: string, reference: Reference]>([
  ["nginx", { registry: "docker.io", path: "library/nginx" }],
  ["nginx:1.27", { registry: "docker.io", path: "library/nginx", tag: "1.27" }],
  ["acme/web", { registry: "docker.io", path: "acme/web" }],
  ["docker.io/nginx", { registry: "docker.io", path: "library/nginx" }],
  ["index.docker.io/library/nginx", { registry: "docker.io", path: "library/nginx" }],
  ["GHCR.io/acme/web", { registry: "ghcr.io", path: "acme/web" }],
  ["Registry:5000/web", { registry: "registry:5000", path: "web" }],
  ["REGISTRY/web", { registry: "REGISTRY", path: "web" }],
  ["ghcr.io/acme/shop/web", { registry: "ghcr.io", path: "acme/shop/web" }],
  ["localhost/web", { registry: "localhost", path: "web" }],
  ["localhost:5000/web:v1", { registry: "localhost:5000", path: "web", tag: "v1" }],
  ["registry:5000/web", { registry: "registry:5000", path: "web" }],
  ["[::1]:5000/web", { registry: "[::1]:5000", path: "web" }],
  ["Registry/web", { registry: "Registry", path: "web" }],
  ["a__b/c-d/e.f", { registry: "docker.io", path: "a__b/c-d/e.f" }],
  ["a---b/c", { registry: "docker.io", path: "a---b/c" }],
  [`ghcr.io/acme/web@${sha}`, { registry: "ghcr.io", path: "acme/web", digest: sha }],
  [`ghcr.io/acme/web:1.4@${sha}`, { registry: "ghcr.io", path: "acme/web", tag: "1.4", digest: sha }],
])("reads %s", (text, reference) => {
  expect(parseReference(text)).toEqual(reference)
})

test.each<[text: string, message: string]>([
  ["", "image: is empty"],
  ["https://ghcr.io/acme/web", "is a URL"],
  ["ghcr.io/Acme/web", "upper-case letters in its path"],
  ["WEB", "upper-case letters in its path"],
  ["ghcr.io/", 'malformed path component ""'],
  ["ghcr.io//web", 'malformed path component ""'],
  ["/web", 'malformed path component ""'],
  ["acme/web/", 'malformed path component ""'],
  ["acme/a..b", 'malformed path component "a..b"'],
  ["acme/-a", 'malformed path component "-a"'],
  ["acme/a___b", 'malformed path component "a___b"'],
  ["acme/a b", 'malformed path component "a b"'],
  ["acme/$(id)", 'malformed path component "$(id)"'],
  ["acme/web:", "malformed tag"],
  ["acme/web:.1", "malformed tag"],
  ["acme/web:a:b", "malformed tag"],
  [`acme/web:${"a".repeat(129)}`, "malformed tag"],
  ["acme/web@sha256:abc", "malformed digest"],
  [`acme/web@${sha.toUpperCase()}`, "malformed digest"],
  [`acme/web@${sha}@${sha}`, "more than one @"],
  ["-ghcr.io/web", "malformed registry"],
  ["ghcr.io:port/web", "malformed registry"],
  ["ghcr.io:0/web", "registry port out of range"],
  ["ghcr.io:65536/web", "registry port out of range"],
  [`acme/${"a".repeat(250)}`, "is too long"],
  ["acme/web\n", 'malformed path component "web\\n"'],
])("refuses %j", (text, message) => {
  expect(() => parseReference(text)).toThrow(message)
  expect(() => parseReference(text)).toThrow(/^image: [^\n]+\n {2}→ [^\n]+$/)
})

test("a repository carries neither tag nor digest", () => {
  expect(parseRepository("ghcr.io/acme/web")).toEqual({ registry: "ghcr.io", path: "acme/web" })
  expect(() => parseRepository("ghcr.io/acme/web:1")).toThrow(
    'repository: "ghcr.io/acme/web:1" carries the tag "1"',
  )
  expect(() => parseRepository(`web@${sha}`)).toThrow("carries a digest")
})

test("a tag is checked by Docker's grammar", () => {
  expect(parseTag("v1.4.2-rc_1")).toBe("v1.4.2-rc_1")
  for (const bad of ["", "-a", ".a", "a/b", "a b", "a".repeat(129), "a\n", "ü"]) {
    expect(() => parseTag(bad, "tags[2]")).toThrow(/^tags\[2\]: .* is not an image tag/)
  }
})

test.each<[text: string, familiar: string]>([
  ["docker.io/library/nginx:1", "nginx:1"],
  ["docker.io/acme/web", "acme/web"],
  ["docker.io/library/a/b", "library/a/b"],
  [`ghcr.io/library/web:1@${sha}`, `ghcr.io/library/web:1@${sha}`],
])("%s is known as %s", (text, familiar) => {
  expect(familiarName(parseReference(text))).toBe(familiar)
})

test.each<[a: string, b: string, same: boolean]>([
  ["nginx", "docker.io/library/nginx:1", true],
  ["GHCR.io/acme/web", "ghcr.io/acme/web", true],
  ["ghcr.io/acme/web:1", `ghcr.io/acme/web@${sha}`, true],
  ["ghcr.io/acme/web", "acme/web", false],
  ["ghcr.io/acme/web", "ghcr.io/acme/web2", false],
  ["localhost:5000/web", "localhost:5001/web", false],
])("%s and %s: same repository %s", (a, b, same) => {
  expect(sameRepository(a, b)).toBe(same)
  expect(sameRepository(parseReference(b), a)).toBe(same)
})

test.each([
  ["ghcr.io/a/b", "GHCR.IO/c", true],
  ["nginx", "docker.io/acme/web", true],
  ["ghcr.io/a", "registry:5000/a", false],
])("%s and %s: one registry is %s", (one, other, same) => {
  expect(sameRegistry(one, other)).toBe(same)
})

test("the familiar name of a reference reads back as that reference", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?$/)
  const registry = fc.constantFrom("", "ghcr.io/", "localhost:5000/", "docker.io/")
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/))
  const digest = fc.constantFrom("", `@${sha}`)
  const text = fc
    .tuple(registry, fc.array(part, { minLength: 1, maxLength: 3 }), tag, digest)
    .map(([host, parts, name, pin]) => `${host}${parts.join("/")}${name === null ? "" : `:${name}`}${pin}`)
  fc.assert(
    fc.property(text, (it) => {
      const reference = parseReference(it)
      expect(parseReference(familiarName(reference))).toEqual(reference)
    }),
  )
})
