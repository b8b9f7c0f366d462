import { type Container, dag, type Platform } from "@dagger.io/dagger"
import { type Blob, configOfPlatform, imageArchive, manifestOf } from "./core/image-layout.ts"
import { sha256 } from "./sha256.ts"

/**
 * The image, marked with the platform that it was built for.
 *
 * Dagger 0.21 marks what a Dockerfile builds `FROM scratch` with the engine's own platform: pushed like that, a host
 * would refuse it, or try to run it. Nothing of its API changes a platform, but an import brings one along. So the
 * image's configuration goes once, without its layers, through an archive.
 */
export async function markPlatform(image: Container, platform: string): Promise<Container> {
  if (normal(await image.platform()) === normal(platform)) return image
  const empty = image.withRootfs(dag.directory()).asTarball()
  const config = blob(configOfPlatform(await empty.contents(), normal(platform)))
  const archive = imageArchive(config, blob(manifestOf(config)))
  const file = dag.directory().withNewFile("image.tar", archive).file("image.tar")
  return await dag
    .container({ platform: platform as Platform })
    .import_(file)
    .withRootfs(image.rootfs())
    .sync()
}

/** The engine's way to write it: 32-bit ARM is version 7 unless it says otherwise. */
const normal = (platform: string) => (platform === "linux/arm" ? "linux/arm/v7" : platform)

const blob = (text: string): Blob => ({ digest: `sha256:${sha256(text)}`, text })
