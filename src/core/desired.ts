import type { Run } from "./host-state.ts"

/** What the caller wants to run, and how it is to be proved. Times are in milliseconds. */
export interface Desired {
  /** Repository as a person writes it: `ghcr.io/acme/web`, `nginx`. */
  repository: string
  tag: string
  digest: string
  /** Services to replace; none means every service whose image is in the repository. */
  services: string[]
  /** Variable of the Compose file that holds the tag. */
  tagVariable: string
  envFile?: string
  health: { path: string; port?: number; status: number; count: number }
  readyTimeout: number
  publicTimeout: number
  drainTimeout: number
  /** Instead of the service's `update_config.monitor`. */
  soak?: number
  /** Percent of server errors that the soak tolerates. */
  errorRate: number
  proxyImage: string
  /** Whether the one gap that taking over published ports costs is accepted. */
  allowGap: boolean
  /** Shell command of the migration; only for a deploy. */
  migrate?: string
  migrateTimeout: number
  /** Megabytes that must stay free on the disk of Docker. */
  diskReserve: number
  /** Releases whose images and files stay on the host, the current one among them. */
  keep: number
  /** Deploys a commit that is older than the one that serves, too. */
  force: boolean
  kind: "deploy" | "rollback"
  /** Of a rollback: the release that it goes back to. */
  origin?: Run
  /** Who asked, from where, for which commit, and when: for the record and for whoever finds the lock held. */
  by: string
  commit: string
  /** Seconds since 1970 at which the commit was made, and its branch: they tell which of two commits is the older one. */
  commitTime?: number
  branch: string
  at: string
}
