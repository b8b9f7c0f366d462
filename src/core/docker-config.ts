import { InputError } from "./errors.ts"

/** User and password, or token, at a registry. */
export interface Login {
  user: string
  password: string
}

/**
 * The login for a registry out of a Docker configuration, as `docker login` writes it to ~/.docker/config.json.
 *
 * @param config Text of the file. It is never part of an error.
 * @param registry Host of the registry, `docker.io` for Docker Hub.
 * @returns Undefined when the file knows nothing about the registry: it may be open.
 * @throws InputError when the file is none, or leaves the registry's login to a program.
 */
export function findLogin(config: string, registry: string): Login | undefined {
  const { auths = {}, credHelpers = {}, credsStore } = readConfig(config)
  const [, entry] = Object.entries(auths).find(([key]) => hostOf(key) === registry) ?? []
  if (entry !== undefined) {
    const login = readEntry(entry)
    if (login !== undefined) return login
  }
  const helper = Object.keys(credHelpers).some((key) => hostOf(key) === registry)
  if (!helper && (entry === undefined || credsStore === undefined)) return undefined
  throw new InputError(
    "registryConfig",
    `the login for ${registry} is kept by a program of your machine`,
    "leave --registry-config out: your own Docker login is used then; or give a file that has the login itself",
  )
}

interface Entry {
  auth?: unknown
  username?: unknown
  password?: unknown
}

interface Config {
  auths?: Record<string, Entry>
  credHelpers?: Record<string, unknown>
  credsStore?: unknown
}

const hint = "give a file such as docker login writes, ~/.docker/config.json"

function readConfig(text: string): Config {
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    // The parser's own message quotes the file.
    throw new InputError("registryConfig", "it is not JSON", hint)
  }
  if (!isRecord(config)) throw new InputError("registryConfig", "it is no Docker configuration", hint)
  for (const name of ["auths", "credHelpers"])
    if (config[name] !== undefined && !isRecord(config[name]))
      throw new InputError("registryConfig", `its ${name} is no object`, hint)
  for (const entry of Object.values((config.auths ?? {}) as Record<string, unknown>))
    if (!isRecord(entry))
      throw new InputError("registryConfig", "its auths has an entry that is no object", hint)
  return config as Config
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function readEntry({ auth, username, password }: Entry): Login | undefined {
  if (typeof username === "string" && typeof password === "string") return { user: username, password }
  if (typeof auth !== "string" || auth === "") return undefined
  const [, user, secret] = /^([^:]*):([\s\S]+)$/.exec(decode(auth)) ?? []
  if (user === undefined || secret === undefined)
    throw new InputError("registryConfig", "it has a login that is not user:password in base64", hint)
  return { user, password: secret }
}

function decode(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    return ""
  }
}

/** Keys are hosts, or addresses such as `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/.*$/, "")
  return /^(index\.|registry-1\.)?docker\.io$/.test(host) ? "docker.io" : host
}
