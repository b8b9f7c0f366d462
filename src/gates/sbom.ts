import type { Container, File } from "@dagger.io/dagger"
import { parseSbomFormat } from "../core/gate-options.ts"
import { prepareTool, runTool } from "./tool.ts"

/** The list of what is in an image, by syft, which reads the image from an archive and needs no network. */
export async function listContents(image: Container, format: string, given?: Container): Promise<File> {
  const form = parseSbomFormat(format)
  const tool = prepareTool("syft", given)
    .withEnvVariable("SYFT_CHECK_FOR_APP_UPDATE", "false")
    .withMountedFile("/image.tar", image.asTarball())
  const args = ["oci-archive:/image.tar", "--quiet", "--output", `${form}=/sbom.json`]
  const { after } = await runTool("syft", tool, args)
  return after.file("/sbom.json")
}
