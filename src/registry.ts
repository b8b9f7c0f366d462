import { type Container, dag, type Platform, type Secret, type Service } from "@dagger.io/dagger"
import { familiarName, parseReference, sameRegistry } from "./core/reference.ts"
import { RegistryApi } from "./registry-api.ts"

/** Where images are, and as whom. */
export interface Registry {
  /** `ghcr.io/acme/web` */
  repository: string
  user?: string
  token?: Secret
  /** Stands for the registry: a tunnel, or a registry in a container. */
  service?: Service
}

/** The repositories of an image. What is deployed comes from the first. */
export type Destinations = readonly [Registry, ...Registry[]]

/** Last, since everything after it loses the engine's cache. */
export function authorized(container: Container, { repository, user, token }: Registry): Container {
  if (token === undefined) return container
  return container.withRegistryAuth(registryHost(repository), user ?? "", token)
}

export const registryHost = (repository: string) => parseReference(repository).registry

/** What the engine has to be told when a service stands for the registry. */
export const viaService = ({ service }: Registry): { registryService?: Service } =>
  service === undefined ? {} : { registryService: service }

/** An image of the registry on top of a container's settings. */
export const pull = (container: Container, reference: string, registry: Registry): Container =>
  authorized(container, registry).from(reference, viaService(registry))

const opened = new WeakMap<Registry, Map<string, Promise<RegistryApi>>>()

/** The registry's HTTP API for a repository; one login for all that a call asks. */
export function openRegistry(registry: Registry, actions = "pull,push"): Promise<RegistryApi> {
  const known = opened.get(registry) ?? new Map<string, Promise<RegistryApi>>()
  const api = known.get(actions) ?? open(registry, actions)
  opened.set(registry, known.set(actions, api))
  return api
}

/**
 * A service that stands for the registry is asked by its own name; like a registry on this
 * machine, and one that is asked without a login, it may be without encryption.
 */
async function open(registry: Registry, actions: string): Promise<RegistryApi> {
  const { registry: host, path } = parseReference(registry.repository)
  const password = await registry.token?.plaintext()
  const local = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(host)
  return RegistryApi.open(
    {
      host: registry.service === undefined ? host : await serviceHost(registry, host),
      path,
      plain: registry.service !== undefined || local || password === undefined,
      ...(registry.user === undefined ? {} : { user: registry.user }),
      ...(password === undefined ? {} : { password }),
    },
    actions,
  )
}

async function serviceHost({ service }: Registry, host: string): Promise<string> {
  const started = await service?.start()
  const port = /:(\d+)$/.exec(host)?.[0] ?? ""
  return `${await started?.hostname()}${port}`
}

/** A registry for another repository: the login and the service are for the same registry only. */
export function registryFor(repository: string, like: Registry | undefined): Registry {
  const name = familiarName(parseReference(repository))
  return like !== undefined && sameRegistry(name, like.repository)
    ? { ...like, repository: name }
    : { repository: name }
}

/** An image, with the login and the service that there may be for its registry. */
export function imageOf(reference: string, platform: string, registry?: Registry): Container {
  const container = dag.container({ platform: platform as Platform })
  return registry === undefined ? container.from(reference) : pull(container, reference, registry)
}
