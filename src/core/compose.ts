/** The parts of `docker compose config --format json` that a rollout depends on. */
export interface ComposeConfig {
  name: string
  services: Record<string, ComposeService>
  networks: Record<string, { name?: string; internal?: boolean } | null>
  /** What Seamless itself is told in the Compose file. Only at the top level: Compose prints no extension of a service as JSON. */
  "x-seamless"?: unknown
}

export interface ComposeService {
  image?: string
  ports?: Port[]
  deploy?: {
    mode?: string
    replicas?: number
    update_config?: { order?: string; monitor?: string; failure_action?: string }
  } | null
  scale?: number
  healthcheck?: { disable?: boolean } | null
  stop_grace_period?: string
  restart?: string
  container_name?: string
  network_mode?: string
  networks?: Record<string, { ipv4_address?: string; ipv6_address?: string } | null> | null
  volumes?: { type: string; source?: string; target: string }[] | null
  depends_on?: Record<string, { condition: string }> | null
}

/** A published port, in the long form that Compose prints. */
export interface Port {
  target: number
  published?: string
  protocol?: string
  mode?: string
  host_ip?: string
}

/**
 * Reads the configuration as the host's read script passed it on. The script leaves keys out line by line, so a comma
 * may stand before a closing bracket; no JSON string holds a line break, so nothing else can look like that.
 */
export function parseComposeConfig(text: string): ComposeConfig {
  const config = JSON.parse(text.replaceAll(/,(\n *[}\]])/g, "$1"))
  return {
    name: config.name,
    services: config.services ?? {},
    networks: config.networks ?? {},
    "x-seamless": config["x-seamless"],
  }
}

/** How many containers the service is meant to have. */
export function replicas(service: ComposeService): number {
  return service.scale ?? service.deploy?.replicas ?? 1
}
