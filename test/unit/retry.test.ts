import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { atOnce, GaveUp, retrying } from "../../src/retry.ts"

describe("trying again", () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(Math, "random").mockReturnValue(0)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  /** Runs it on a clock that is wound forward; each attempt takes `took` ms and fails with the next message, then succeeds. */
  async function run(messages: string[], total: number, took = 0) {
    const told: string[] = []
    const left = [...messages]
    const attempt = async () => {
      await new Promise((resolve) => setTimeout(resolve, took))
      const message = left.shift()
      if (message !== undefined) throw new Error(message)
      return "done"
    }
    const retry = {
      patience: { total, first: 1_000, longest: 20_000 },
      passing: (error: unknown) => (error as Error).message.startsWith("5"),
      failed: (error: unknown, pause: number) => told.push(`${(error as Error).message} ${pause}`),
    }
    const result = retrying(attempt, retry).catch((error: GaveUp) => error)
    await vi.runAllTimersAsync()
    return { result: await result, told, left: left.length }
  }

  it("goes on until it succeeds, and tells of each failure", async () => {
    expect(await run(["503", "502"], 60_000)).toEqual({
      result: "done",
      told: ["503 1000", "502 2000"],
      left: 0,
    })
  })

  it("ends at once with what does not pass", async () => {
    const { result, told, left } = await run(["503", "404", "503"], 60_000)
    expect(result).toMatchObject({ message: "404", tries: 2, ms: 1_000 })
    expect([told, left]).toEqual([["503 1000"], 1])
  })

  it("ends with the patience, and says how often and how long", async () => {
    const { result } = await run(Array(20).fill("503"), 10_000)
    expect(result).toBeInstanceOf(GaveUp)
    expect(result).toMatchObject({ tries: 4, ms: 7_000 })
  })

  it("counts the time of the tries too, from the first failure on", async () => {
    const { result } = await run(Array(20).fill("503"), 10_000, 4_000)
    expect(result).toMatchObject({ tries: 3, ms: 15_000 })
  })
})

describe("at once", () => {
  it("is as many as the limit, and keeps the order", async () => {
    let running = 0
    let most = 0
    const results = await atOnce([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, item))
      running -= 1
      return item * 10
    })
    expect([results, most]).toEqual([[50, 10, 40, 20, 30], 2])
  })

  it("after a failure begins nothing more, and lets end what runs", async () => {
    const ended: number[] = []
    const work = atOnce([1, 2, 3, 4], 2, async (item) => {
      await new Promise((resolve) => setTimeout(resolve, item))
      if (item === 1) throw new Error("first")
      ended.push(item)
    })
    await expect(work).rejects.toThrow("first")
    expect(ended).toEqual([2])
  })

  it("of nothing is nothing", async () => {
    expect(await atOnce([], 4, async () => 1)).toEqual([])
  })
})
