/** A service as its release pins it. */
export interface PinnedService {
  service: string
  /** Image by digest. */
  image: string
  release: number
  /** Network it shares with the proxy, by its key in the Compose file. */
  network: string
  alias: string
  /** File on the host with the service as an earlier release had it, instead of the user's own files. */
  rendered?: string
}

/**
 * The Compose file of a release, read after the user's own: the image by digest, the published ports left to the proxy,
 * no fixed name (two versions run side by side), a label and a DNS name of its own. JSON strings are YAML strings.
 */
export function overrideFile(services: readonly PinnedService[]): string {
  return `# Written by Seamless.\nservices:\n${services.map(serviceBlock).join("")}`
}

const text = JSON.stringify

function serviceBlock({ service, image, release, network, alias, rendered }: PinnedService): string {
  return [
    ...(rendered === undefined ? beside(service) : instead(service, rendered)),
    `    image: ${text(image)}`,
    "    labels:",
    `      seamless.release: ${text(String(release))}`,
    "    networks:",
    `      ${text(network)}:`,
    `        aliases: [${text(alias)}]`,
    "",
  ].join("\n")
}

const beside = (service: string) => [
  `  ${text(service)}:`,
  "    ports: !reset []",
  "    container_name: !reset null",
]

/** What was rendered has no ports and no name any more; within `!override` Compose would not reset them. */
const instead = (service: string, rendered: string) => [
  `  ${text(service)}: !override`,
  `    extends: { file: ${text(rendered)}, service: ${text(service)} }`,
]

/** Without what binds a service to one container: so it is rendered for a rollback. */
export function unboundFile(services: readonly string[]): string {
  return `services:\n${services.map((service) => `${beside(service).join("\n")}\n`).join("")}`
}
