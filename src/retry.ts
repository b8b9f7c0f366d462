import { type Patience, planPauses } from "./core/backoff.ts"

/** How often something was tried, and for how long, before it failed for good. */
export class GaveUp extends Error {
  override readonly name: string = "GaveUp"

  constructor(
    /** What it failed with the last time. */
    readonly last: unknown,
    readonly tries: number,
    /** Milliseconds from the first try to the last. */
    readonly ms: number,
  ) {
    super(last instanceof Error ? last.message : String(last))
  }
}

/** When to try again, and whom to tell. */
export interface Retry {
  patience: Patience
  /** Whether what it failed with may pass. */
  passing(error: unknown): boolean
  /** Told before each pause. */
  failed(error: unknown, pause: number): void
}

/**
 * Does something again as long as it fails with what may pass, and the patience lasts. The time that the tries take
 * counts too: a registry that answers late is not waited for longer than one that answers at once.
 *
 * @throws GaveUp
 */
export async function retrying<T>(attempt: () => Promise<T>, retry: Retry): Promise<T> {
  const { patience, passing, failed } = retry
  const pauses = planPauses(patience, Math.random)
  const began = Date.now()
  let firstFailure: number | undefined
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const pause = pauses[tries - 1]
      firstFailure ??= Date.now()
      const late = Date.now() - firstFailure + (pause ?? 0) > patience.total
      if (pause === undefined || late || !passing(error)) throw new GaveUp(error, tries, Date.now() - began)
      failed(error, pause)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

/**
 * Does things at once, `limit` of them at a time; the results in the order of the items. After a failure nothing more is
 * begun, and what is under way comes to its end before the failure is thrown.
 */
export async function atOnce<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const failures: unknown[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next++
      try {
        results[index] = await work(items[index] as T)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  if (failures.length > 0) throw failures[0]
  return results
}
