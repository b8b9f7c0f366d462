// Image references by the grammar of the distribution project, which registries and Docker follow:
//   reference  := repository [":" tag] ["@" digest]
//   repository := [domain "/"] component ["/" component]…, 255 characters at most
// A first component is a domain when it has a dot, a colon or an upper-case letter, or is `localhost`.
import { InputError } from "./errors.ts"
import { shown } from "./text.ts"

/** A place in a registry, without tag and digest. */
export interface Repository {
  /** Registry host with its port, in lower case: `ghcr.io`, `localhost:5000`, `[::1]:5000`; `docker.io` when none was given. */
  registry: string
  /** Path in the registry: `library/nginx`, `acme/shop/web`. */
  path: string
}

/** An image reference, taken apart. */
export interface Reference extends Repository {
  tag?: string
  /** `sha256:` and 64 hex digits. */
  digest?: string
}

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
const domain = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?$`)
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/**
 * Reads a repository: `ghcr.io/acme/web`, `localhost:5000/web`, `nginx`.
 *
 * @throws InputError when it is malformed, or carries a tag or digest.
 */
export function parseRepository(text: string, path = "repository"): Repository {
  const { tag, digest, ...repository } = parseReference(text, path)
  const extra = tag !== undefined ? `the tag ${shown(tag)}` : digest !== undefined ? "a digest" : undefined
  if (extra !== undefined) {
    throw new InputError(
      path,
      `${shown(text)} carries ${extra}`,
      "give the repository alone; tags are separate",
    )
  }
  return repository
}

/**
 * Reads an image reference: a repository with an optional tag and an optional digest.
 *
 * @throws InputError that says which part is malformed.
 */
export function parseReference(text: string, path = "image"): Reference {
  const refuse = (problem: string, hint: string) => new InputError(path, `${shown(text)} ${problem}`, hint)
  if (text === "") throw new InputError(path, "is empty", "give an image such as ghcr.io/acme/web")
  if (/^[a-z]+:\/\//i.test(text)) throw refuse("is a URL", "leave out the scheme: ghcr.io/acme/web")

  const [name = "", digest, ...more] = text.split("@")
  if (more.length > 0) throw refuse("has more than one @", "write repository[:tag][@digest]")
  if (digest !== undefined && !digestPattern.test(digest)) {
    throw refuse("has a malformed digest", "a digest is sha256: and 64 lower-case hex digits")
  }
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1)
  const tag = colon < 0 ? undefined : name.slice(colon + 1)
  if (tag !== undefined && !tagPattern.test(tag)) throw refuse("has a malformed tag", tagHint)

  const repository = splitDomain(colon < 0 ? name : name.slice(0, colon))
  if (!domain.test(repository.registry)) throw refuse("has a malformed registry", "write host[:port]/path")
  if (!validPort(repository.registry))
    throw refuse("has a registry port out of range", "a port is 1 to 65535")
  if (`${repository.registry}/${repository.path}`.length > 255)
    throw refuse("is too long", "255 characters at most")
  for (const part of repository.path.split("/")) {
    if (part !== part.toLowerCase())
      throw refuse("has upper-case letters in its path", "write the path in lower case")
    if (!component.test(part)) {
      throw refuse(
        `has the malformed path component ${shown(part)}`,
        "use a-z, 0-9 and single . _ - between them, parts joined by /",
      )
    }
  }
  return { ...repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}

const tagHint = "a tag is 1 to 128 of A-Z a-z 0-9 . _ - and starts with none of . and -"

/** Reads a tag. @throws InputError when it is not one. */
export function parseTag(text: string, path = "tag"): string {
  if (!tagPattern.test(text)) throw new InputError(path, `${shown(text)} is not an image tag`, tagHint)
  return text
}

function startsWithDomain(name: string): boolean {
  const slash = name.indexOf("/")
  const first = name.slice(0, slash)
  return slash > 0 && (/[.:A-Z]/.test(first) || first === "localhost")
}

function splitDomain(name: string): Repository {
  const slash = startsWithDomain(name) ? name.indexOf("/") : -1
  const registry = slash < 0 ? "docker.io" : lowerCase(name.slice(0, slash))
  const path = name.slice(slash + 1)
  // Two names of Docker Hub, and its namespace for official images.
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, path }
  return { registry: "docker.io", path: path.includes("/") ? path : `library/${path}` }
}

/** One host, one spelling; but a name that is a host only for its upper-case letters keeps them. */
const lowerCase = (host: string) => (/[.:]/.test(host) ? host.toLowerCase() : host)

function validPort(registry: string): boolean {
  const port = /:([0-9]+)$/.exec(registry)?.[1]
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65535)
}

/** The short form that Docker prints: `nginx` for `docker.io/library/nginx`, with tag and digest when there. */
export function familiarName({ registry, path, tag, digest }: Reference): string {
  const short = path.replace(/^library\/(?=[^/]+$)/, "")
  // Without its registry, a namespace such as `my.org` would read as one.
  const name = registry === "docker.io" && !startsWithDomain(short) ? short : `${registry}/${path}`
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`
}

const parsed = (it: string | Repository): Repository => (typeof it === "string" ? parseReference(it) : it)

/** Whether the same login opens both repositories. */
export const sameRegistry = (a: string | Repository, b: string | Repository): boolean =>
  parsed(a).registry === parsed(b).registry

/** Whether two references name the same place; tags and digests do not count, `nginx` is `docker.io/library/nginx`. */
export function sameRepository(a: string | Repository, b: string | Repository): boolean {
  return sameRegistry(a, b) && parsed(a).path === parsed(b).path
}
