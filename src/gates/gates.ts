import type { Container, File, Secret } from "@dagger.io/dagger"
import type { Images } from "../build.ts"
import { DeployError, InputError } from "../core/errors.ts"
import { parseThreshold } from "../core/gate-options.ts"
import type { Registry } from "../registry.ts"
import { type ScanOptions, scanImage } from "./scan.ts"
import { type SignOptions, signImage } from "./sign.ts"

/** What an image must pass on its way, and gets; nothing unless it was asked for. */
export interface Gates {
  scan?: ScanOptions
  sign?: SignOptions
}

/** The options of the gates as the caller gives them. */
export interface GateOptions {
  scanThreshold?: string
  scanDatabase?: File
  scanTool?: Container
  signKey?: Secret
  signPassword?: Secret
  signTool?: Container
  transparencyLog: boolean
}

/** Checks the options, before anything is built. */
export function gates(raw: GateOptions): Gates {
  const {
    scanThreshold,
    scanDatabase: database,
    scanTool,
    signKey: key,
    signPassword: password,
    signTool,
  } = raw
  if (key === undefined && (password !== undefined || raw.transparencyLog))
    throw new InputError("signKey", "there is no key to sign with", "give --sign-key file:cosign.key")
  return {
    ...(scanThreshold === undefined
      ? {}
      : { scan: { threshold: parseThreshold(scanThreshold, "scanThreshold"), database, tool: scanTool } }),
    ...(key === undefined
      ? {}
      : { sign: { key, password, tool: signTool, transparencyLog: raw.transparencyLog } }),
  }
}

/** Scans the image of each platform, before it is pushed. */
export async function scanAll(images: Images, scan: ScanOptions): Promise<void> {
  for (const image of images) {
    try {
      console.error(await scanImage(image, scan, "scanThreshold"))
    } catch (error) {
      if (!(error instanceof DeployError)) throw error
      const { problem, failure } = error
      throw new DeployError(problem, { ...failure, hint: `nothing was pushed; ${failure.hint}` })
    }
  }
}

/** Signs what was pushed, in each repository. */
export async function signAll(to: readonly Registry[], digest: string, sign: SignOptions): Promise<void> {
  for (const registry of to) {
    await signImage(registry, digest, sign)
    console.error(`signed ${registry.repository}@${digest}`)
  }
}
