import { expect, test } from "vitest"
import { lockReason } from "../../src/core/lock.ts"

const at = "2026-01-02T10:00:00.000Z"

test.each([
  ["database move", "ada", `database move (locked by ada at ${at})`],
  [" database move ", "", `database move (locked at ${at})`],
  ["two\nlines", "eve\u001b[2J", `two lines (locked by eve�[2J at ${at})`],
])("%j by %j reads %j", (reason, by, text) => {
  expect(lockReason(reason, by, at)).toBe(text)
})

test.each(["", " \n"])("the reason %j is refused", (reason) => {
  expect(() => lockReason(reason, "ada", at)).toThrow("reason: it is empty\n  → say why nobody may deploy")
})
