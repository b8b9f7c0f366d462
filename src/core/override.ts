/** A service as its release pins it. */
export interface PinnedService {
  service: string
  /** Image by digest. */
  image: string
  release: number
  /** Network it shares with the proxy, by its key in the Compose file. */
  network: string
  alias: string
}

/**
 * The Compose file of a release, read after the user's own: the image by digest, the published ports left to the proxy,
 * no fixed name (two versions run side by side), a label and a DNS name of its own. JSON strings are YAML strings.
 */
export function overrideFile(services: readonly PinnedService[]): string {
  return `# Written by Seamless.\nservices:\n${services.map(serviceBlock).join("")}`
}

function serviceBlock({ service, image, release, network, alias }: PinnedService): string {
  const text = JSON.stringify
  return [
    `  ${text(service)}:`,
    `    image: ${text(image)}`,
    "    ports: !reset []",
    "    container_name: !reset null",
    "    labels:",
    `      seamless.release: ${text(String(release))}`,
    "    networks:",
    `      ${text(network)}:`,
    `        aliases: [${text(alias)}]`,
    "",
  ].join("\n")
}
