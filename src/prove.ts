import { type Container, dag } from "@dagger.io/dagger"
import type { Images } from "./build.ts"
import { DeployError } from "./core/errors.ts"
import { type SmokeTest, smokeTest } from "./smoke.ts"

/**
 * Smoke-tests the image of each platform that the engine can run. Whether it can is tried, not guessed: an engine runs
 * what its machine's kernel has an interpreter for.
 *
 * @returns What was not tested, a sentence each.
 * @throws DeployError when a test fails, or no platform at all could be tested.
 */
export async function prove(images: Images, test: SmokeTest): Promise<string[]> {
  const own = await dag.defaultPlatform()
  const untested: string[] = []
  for (const image of images) {
    const platform = await image.platform()
    try {
      await smokeTest(image, test)
    } catch (error) {
      // On the engine's own platform the same words mean a broken entrypoint, such as a script without its first line.
      if (platform === own || !isForeign(error)) throw await named(error, image, images)
      untested.push(platform)
    }
  }
  if (untested.length < images.length) return untested.map(sentence)
  throw new DeployError(`smoke test: this engine can run none of ${untested.join(", ")}`, {
    hint: "nothing was pushed; add the engine's own platform, or emulation to its machine: docker run --privileged --rm tonistiigi/binfmt --install all",
  })
}

const sentence = (platform: string) =>
  `the image for ${platform} was not smoke-tested: this engine cannot run it (exec format error)`

/** What the kernel says about a program for another processor. */
const isForeign = (error: unknown) =>
  error instanceof DeployError &&
  (error.failure.logTail ?? []).some((line) => /exec format error/i.test(line))

/** With several platforms the error says which one. */
async function named(error: unknown, image: Container, images: Images): Promise<unknown> {
  if (images.length === 1 || !(error instanceof DeployError)) return error
  return new DeployError(`${await image.platform()}: ${error.problem}`, error.failure)
}
