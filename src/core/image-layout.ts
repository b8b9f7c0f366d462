// An image without layers, as an archive in the OCI layout. All in it is text.
import { readTar, writeTar } from "./tar.ts"

/** A part of an image, named by its digest. */
export interface Blob {
  /** `sha256:…` */
  digest: string
  text: string
}

/**
 * The configuration of an image, made to be of another platform.
 *
 * @param archive The image without layers.
 * @param platform `linux/arm64`, `linux/arm/v7`
 */
export function configOfPlatform(archive: string, platform: string): string {
  const files = readTar(archive)
  const blob = ({ digest }: { digest: string }) =>
    JSON.parse(files.get(`blobs/${digest.replace(":", "/")}`) ?? "{}")
  const index = JSON.parse(files.get("index.json") ?? "{}")
  const { variant: _, ...config } = blob(blob(index.manifests[0]).config)
  const [os, architecture, variant] = platform.split("/")
  const changed = { ...config, os, architecture, rootfs: { type: "layers", diff_ids: [] } }
  return JSON.stringify(variant === undefined ? changed : { ...changed, variant })
}

/** The manifest of an image that is this configuration and no layers. */
export function manifestOf(config: Blob): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaType("manifest"),
    config: describe("config", config),
    layers: [],
  })
}

/** The archive of such an image. */
export function imageArchive(config: Blob, manifest: Blob): string {
  const manifests = [describe("manifest", manifest)]
  const index = { schemaVersion: 2, mediaType: mediaType("index"), manifests }
  return writeTar(
    new Map([
      ["oci-layout", '{"imageLayoutVersion":"1.0.0"}'],
      ["index.json", JSON.stringify(index)],
      ...[config, manifest].map(({ digest, text }) => [`blobs/${digest.replace(":", "/")}`, text] as const),
    ]),
  )
}

const mediaType = (kind: string) => `application/vnd.oci.image.${kind}.v1+json`

const describe = (kind: string, { digest, text }: Blob) => ({
  mediaType: mediaType(kind),
  digest,
  size: new TextEncoder().encode(text).length,
})
