/** How long to go on trying. Times are in milliseconds. */
export interface Patience {
  /** From the first failure to the last try. 0 for one try only. */
  total: number
  /** The first pause; each is twice the one before. */
  first: number
  /** No pause is longer. */
  longest: number
}

/** A registry that restarts or limits its clients is back within some seconds; more than that is an outage. */
export const pushPauses = { first: 1_000, longest: 20_000 } as const

/**
 * The pauses between tries, as many as the patience has room for.
 *
 * Each is cut by up to a half at random: clients that failed together, as the tags of one image do, come back apart.
 *
 * @param random Numbers from 0 to 1, 1 excluded.
 */
export function planPauses({ total, first, longest }: Patience, random: () => number): number[] {
  const pauses: number[] = []
  let left = total
  for (let full = first; ; full = Math.min(full * 2, longest)) {
    const pause = Math.round(Math.min(full, longest) * (1 - random() / 2))
    if (pause > left || pause <= 0) return pauses
    pauses.push(pause)
    left -= pause
  }
}
