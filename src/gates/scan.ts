import { CacheSharingMode, type Container, dag, type File } from "@dagger.io/dagger"
import { DeployError } from "../core/errors.ts"
import { parseThreshold } from "../core/gate-options.ts"
import { prepareTool, runTool } from "./tool.ts"

/** What makes an image bad enough to be refused. */
export interface ScanOptions {
  /** negligible, low, medium, high or critical. */
  threshold: string
  /** Vulnerability database of grype, instead of a download. */
  database?: File
  tool?: Container
}

/** grype's exit code for: there is something of this severity. */
const tooMuch = 2

/**
 * Looks for known vulnerabilities in an image, by grype.
 *
 * @returns grype's table of those below the threshold.
 * @throws DeployError with the table when one reaches the threshold.
 */
export async function scanImage(image: Container, options: ScanOptions, path = "threshold"): Promise<string> {
  const threshold = parseThreshold(options.threshold, path)
  const base = prepareTool("grype", options.tool)
    .withEnvVariable("GRYPE_CHECK_FOR_APP_UPDATE", "false")
    .withEnvVariable("GRYPE_DB_CACHE_DIR", "/database")
    // What is known changes while the image does not.
    .withEnvVariable("SEAMLESS_SCAN", crypto.randomUUID())
  const tool = (await withDatabase(base, options.database)).withMountedFile("/image.tar", image.asTarball())
  const args = ["oci-archive:/image.tar", "--quiet", "--fail-on", threshold]
  const { code, stdout } = await runTool("grype", tool, args, { accepted: [tooMuch] })
  if (code === 0) return stdout
  throw new DeployError(`scan: the image has vulnerabilities of severity ${threshold} or worse`, {
    logTail: stdout.trimEnd().split("\n").slice(0, 60),
    hint: "take the versions under FIXED-IN, or raise the threshold",
  })
}

/** Downloads are kept from one scan to the next; a given database is taken as it is. */
async function withDatabase(tool: Container, database: File | undefined): Promise<Container> {
  if (database === undefined) {
    const kept = dag.cacheVolume("seamless-grype-database")
    return tool.withMountedCache("/database", kept, { sharing: CacheSharingMode.Locked })
  }
  const path = `/given/${await database.name()}`
  const offline = tool.withEnvVariable("GRYPE_DB_AUTO_UPDATE", "false").withMountedFile(path, database)
  return (await runTool("grype", offline, ["db", "import", path])).after
}
