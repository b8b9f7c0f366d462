import type { Container } from "../host-state.ts"

/** Ids of containers as one argument. */
export const ids = (containers: readonly Container[]) =>
  containers.length === 0
    ? "-"
    : containers
        .map(({ id }) => id)
        .sort()
        .join(",")

/** Milliseconds as an argument in whole seconds. */
export const seconds = (ms: number) => String(Math.ceil(ms / 1000))
