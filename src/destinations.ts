import { dag, type Secret, type Service } from "@dagger.io/dagger"
import { registry } from "./access.ts"
import { findLogin } from "./core/docker-config.ts"
import { InputError } from "./core/errors.ts"
import { familiarName, parseRepository } from "./core/reference.ts"
import { type Registry, registryFor, registryHost } from "./registry.ts"

/** The repositories as the caller names them. */
export interface DestinationOptions {
  repository: string
  /** Further ones. */
  also?: string[]
  /** User and token at the first one's registry. */
  user?: string
  token?: Secret
  /** Docker configuration with logins. */
  config?: Secret
  /** Stands for the registry of the first one. */
  service?: Service
}

/**
 * Checks the repositories, and finds the login for each: the user and token for the registry of the first one, else
 * that of the configuration, else the caller's own Docker login, which the engine asks the caller's machine for.
 */
export async function destinations(options: DestinationOptions): Promise<[Registry, ...Registry[]]> {
  const { repository, also = [], user, token, config, service } = options
  const home = registry(repository, user, token, service)
  const names = also.map((each, index) => familiarName(parseRepository(each, `also[${index}]`)))
  names.forEach((name, index) => {
    if (name !== home.repository && names.indexOf(name) === index) return
    throw new InputError(`also[${index}]`, `${name} is named twice`, "name each repository once")
  })
  const logins = config === undefined ? undefined : await config.plaintext()
  const complete = (destination: Registry) =>
    destination.token !== undefined || logins === undefined ? destination : withLogin(destination, logins)
  const mirrors = names.map((name) => complete(registryFor(name, home)))
  return [complete(home), ...mirrors]
}

function withLogin(destination: Registry, config: string): Registry {
  const host = registryHost(destination.repository)
  const login = findLogin(config, host)
  if (login === undefined) return destination
  return { ...destination, user: login.user, token: dag.setSecret(`login of ${host}`, login.password) }
}
