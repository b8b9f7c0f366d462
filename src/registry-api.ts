import { sha256 } from "./sha256.ts"

/** Where a registry's HTTP API is, and as whom. */
export interface RegistryAccess {
  /** `ghcr.io`, `registry:5000` */
  host: string
  /** Path of the repository in the registry. */
  path: string
  user?: string
  password?: string
  /** Whether it may be asked without encryption. */
  plain: boolean
}

export interface Manifest {
  body: Uint8Array<ArrayBuffer>
  mediaType: string
  /** Of the body as it came. */
  digest: string
}

/** What a registry answered instead of what was wanted. Never has the credentials in it. */
export class RegistryError extends Error {
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message)
  }
}

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ")

/** Whoever does not answer within this time, in milliseconds, is taken for gone. */
const patience = 20_000

/**
 * One repository of a registry by its HTTP API, as the distribution specification has it. The engine speaks to registries too, but
 * moves whole images: it can neither set a tag alone nor list or delete one.
 */
export class RegistryApi {
  private authorization: Record<string, string> = {}

  private constructor(
    private readonly access: RegistryAccess,
    private readonly base: string,
    private readonly actions: string,
  ) {}

  /**
   * Finds out how the registry is to be spoken to.
   *
   * @param actions What will be done: `pull`, `pull,push` or `pull,push,delete`.
   * @throws RegistryError when it does not answer.
   */
  static async open(access: RegistryAccess, actions: string): Promise<RegistryApi> {
    const host = access.host === "docker.io" ? "registry-1.docker.io" : access.host
    let problem = ""
    for (const scheme of access.plain ? ["https", "http"] : ["https"]) {
      try {
        const { status } = await fetch(`${scheme}://${host}/v2/`, { signal: AbortSignal.timeout(patience) })
        if ([200, 401, 403].includes(status))
          return new RegistryApi(access, `${scheme}://${host}/v2/${access.path}`, actions)
        problem = `it answered ${status}`
      } catch (error) {
        problem ||= reason(error)
      }
    }
    throw new RegistryError(`the registry ${access.host} does not answer: ${problem}`)
  }

  /** What a tag or digest stands for, or nothing when there is no such thing. */
  async manifest(reference: string): Promise<Manifest | undefined> {
    const answer = await this.ask("GET", `/manifests/${reference}`, { accept: manifestTypes })
    const body = new Uint8Array(await answer.arrayBuffer())
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw failure(answer, body, `show the image ${reference}`)
    const digest = `sha256:${sha256(body)}`
    return { body, digest, mediaType: answer.headers.get("content-type")?.split(";")[0] ?? "" }
  }

  /** The same for an image that has to be there. @throws RegistryError when it is not. */
  async existing(digest: string): Promise<Manifest> {
    const manifest = await this.manifest(digest)
    if (manifest === undefined) throw new RegistryError(`the registry does not have ${digest}`)
    return manifest
  }

  /** Whether the registry has a layer or a configuration. */
  async hasBlob(digest: string): Promise<boolean> {
    const answer = await this.ask("HEAD", `/blobs/${digest}`)
    if (answer.status !== 200 && answer.status !== 404) throw await failed(answer, `show ${digest}`)
    return answer.status === 200
  }

  /** Gives an image of the repository one more tag. Nothing but its manifest is sent, so its digest stays. */
  async tag({ body, mediaType }: Omit<Manifest, "digest">, tag: string): Promise<void> {
    const answer = await this.ask("PUT", `/manifests/${tag}`, { "content-type": mediaType }, body)
    if (answer.status !== 201) throw await failed(answer, `set the tag ${tag}`)
  }

  /** All tags, over as many pages as the registry makes of them. */
  async tags(): Promise<string[]> {
    const tags: string[] = []
    let next: string | undefined = "/tags/list?n=1000"
    while (next !== undefined) {
      const answer: Response = await this.ask("GET", next)
      if (answer.status === 404) return tags
      if (answer.status !== 200) throw await failed(answer, "list the tags")
      const page = (await answer.json()) as { tags?: string[] | null }
      tags.push(...(page.tags ?? []))
      const more = /<[^>]*\/tags\/list(\?[^>]*)>;\s*rel="?next/.exec(answer.headers.get("link") ?? "")?.[1]
      next = more === undefined ? undefined : `/tags/list${more}`
    }
    return tags
  }

  /** Deletes an image with all its tags. */
  async delete(digest: string): Promise<void> {
    const answer = await this.ask("DELETE", `/manifests/${digest}`)
    if (answer.status !== 202 && answer.status !== 404) throw await failed(answer, `delete ${digest}`)
  }

  private async ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    const send = () =>
      request(`${this.base}${path}`, {
        method,
        headers: { ...headers, ...this.authorization },
        ...(body === undefined ? {} : { body }),
      })
    const answer = await send()
    if (answer.status !== 401) return answer
    await answer.arrayBuffer()
    this.authorization = await this.authorize(answer.headers.get("www-authenticate") ?? "")
    return send()
  }

  /** By the registry's challenge: the login itself, or a token that the login is exchanged for. */
  private async authorize(challenge: string): Promise<Record<string, string>> {
    const { user, password } = this.access
    const login: Record<string, string> =
      password === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${user ?? ""}:${password}`).toString("base64")}` }
    if (/^basic\b/i.test(challenge)) return login
    const field = (name: string) => new RegExp(`\\b${name}="([^"]*)"`, "i").exec(challenge)?.[1]
    const realm = field("realm")
    if (!/^bearer\b/i.test(challenge) || realm === undefined)
      throw new RegistryError(`the registry ${this.access.host} wants a login of an unknown kind`, 401)
    const url = new URL(realm)
    if (url.protocol !== "https:" && this.base.startsWith("https:"))
      throw new RegistryError(`the registry ${this.access.host} wants the login without encryption`, 401)
    const service = field("service")
    if (service !== undefined) url.searchParams.set("service", service)
    url.searchParams.set("scope", `repository:${this.access.path}:${this.actions}`)
    const answer = await request(url.href, { headers: login })
    if (answer.status !== 200) throw await failed(answer, `give a token for the registry ${this.access.host}`)
    const { token, access_token } = (await answer.json()) as { token?: string; access_token?: string }
    return { authorization: `Bearer ${token ?? access_token ?? ""}` }
  }
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(patience) })
  } catch (error) {
    throw new RegistryError(`${new URL(url).host} does not answer: ${reason(error)}`)
  }
}

const failed = async (answer: Response, what: string) =>
  failure(answer, new Uint8Array(await answer.arrayBuffer()), what)

/** In the registry's own words, when it has any. */
function failure(answer: Response, body: Uint8Array, what: string): RegistryError {
  const text = new TextDecoder().decode(body)
  const said = /"message"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1]
  return new RegistryError(
    `the registry does not ${what}: ${said ?? ""}${said === undefined ? "" : " "}(${answer.status})`,
    answer.status,
  )
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
