import { type Container, type Directory, dag, type Platform, type Secret } from "@dagger.io/dagger"
import { InputError } from "./core/errors.ts"
import { explainBuild } from "./core/image-error.ts"
import { parseAssignment, parsePlatform } from "./core/options.ts"
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

/** The options of a build, checked. */
export interface CheckedBuild {
  source: Directory
  dockerfile: string
  target?: string
  /** At least one; the engine's own platform when none was asked for. */
  platforms: readonly [string | undefined, ...string[]]
  buildArgs: { name: string; value: string }[]
  secrets: Secret[]
}

/** One container a platform, in the order in which they were asked for; more than one make an image index. */
export type Images = readonly [Container, ...Container[]]

/** Checks the options of a build before anything is built. */
export async function checkBuild(options: BuildOptions): Promise<CheckedBuild> {
  const { source, dockerfile, target } = options
  if (!(await source.exists(dockerfile)))
    throw new InputError(
      "dockerfile",
      `the source has no file ${dockerfile}`,
      "give its path within --source",
    )
  const buildArgs = options.args.map((arg, index) =>
    parseAssignment(arg, `buildArgs[${index}]`, "build argument"),
  )
  const [first, ...others] = options.platforms.map((platform, index) =>
    parsePlatform(platform, `platforms[${index}]`),
  )
  return {
    source,
    dockerfile,
    ...(target === undefined ? {} : { target }),
    platforms: [first, ...others],
    buildArgs,
    secrets: await nameSecrets(options),
  }
}

/** Builds the image of each platform, all at once. */
export async function buildImage(build: CheckedBuild): Promise<Images> {
  const [first, ...others] = build.platforms
  try {
    return await Promise.all([
      buildPlatform(build, first),
      ...others.map((platform) => buildPlatform(build, platform)),
    ])
  } catch (error) {
    throw explainBuild(error, build.dockerfile)
  }
}

/** Builds the image of a platform. */
export async function buildPlatform(
  build: Omit<CheckedBuild, "platforms">,
  platform?: string,
): Promise<Container> {
  const image = await dockerBuild(build, platform).sync()
  return platform === undefined ? image : markPlatform(image, platform)
}

export function dockerBuild(
  { source, dockerfile, target, buildArgs, secrets }: Omit<CheckedBuild, "platforms">,
  platform?: string,
): Container {
  return source.dockerBuild({
    dockerfile,
    buildArgs,
    secrets,
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform: platform as Platform }),
  })
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
