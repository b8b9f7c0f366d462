import { type Container, type Directory, dag, type Platform, type Secret } from "@dagger.io/dagger"
import { InputError } from "./core/errors.ts"
import { explainBuild } from "./core/image-error.ts"
import { parsePlatform } from "./core/options.ts"
import { markPlatform } from "./platform.ts"

/** What a Dockerfile build takes. */
export interface BuildOptions {
  source: Directory
  dockerfile: string
  target?: string
  platforms: readonly string[]
  /** `NAME=value` */
  args: readonly string[]
  secrets: readonly Secret[]
  /** The ids by which the Dockerfile mounts them, in the same order. */
  secretIds: readonly string[]
}

/** One container a platform, in the order in which they were asked for. */
export async function buildImage(options: BuildOptions): Promise<[Container, ...Container[]]> {
  const { source, dockerfile, target, platforms } = options
  await checkDockerfile(source, dockerfile)
  const buildArgs = options.args.map((arg, index) => parseBuildArg(arg, `buildArgs[${index}]`))
  const secrets = await nameSecrets(options)
  const build = (platform?: string) =>
    source.dockerBuild({
      dockerfile,
      buildArgs,
      secrets,
      ...(target === undefined ? {} : { target }),
      ...(platform === undefined ? {} : { platform: platform as Platform }),
    })
  const checked = platforms.map((platform, index) => parsePlatform(platform, `platforms[${index}]`))
  const [first, ...others] = checked.length === 0 ? [undefined] : checked
  const built = async (platform?: string) => {
    const image = await build(platform).sync()
    return platform === undefined ? image : markPlatform(image, platform)
  }
  try {
    return await Promise.all([built(first), ...others.map(built)])
  } catch (error) {
    throw explainBuild(error, dockerfile)
  }
}

async function checkDockerfile(source: Directory, dockerfile: string): Promise<void> {
  if (await source.exists(dockerfile)) return
  throw new InputError("dockerfile", `the source has no file ${dockerfile}`, "give its path within --source")
}

function parseBuildArg(text: string, path: string): { name: string; value: string } {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(text)
  if (match === null)
    throw new InputError(path, `${JSON.stringify(text)} is no build argument`, "write NAME=value")
  return { name: match[1] as string, value: match[2] as string }
}

/** The engine finds a secret by its name, and a secret from a command line has none. */
async function nameSecrets({ secrets, secretIds }: BuildOptions): Promise<Secret[]> {
  if (secrets.length !== secretIds.length) {
    const problem = `${secrets.length} secrets, but ${secretIds.length} ids`
    throw new InputError("buildSecretIds", problem, "give one id for each secret, in the same order")
  }
  return Promise.all(
    secrets.map(async (secret, index) => dag.setSecret(secretIds[index] as string, await secret.plaintext())),
  )
}
