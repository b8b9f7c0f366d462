import { expect, it } from "vitest"
import { onGoodHost, onOldHost } from "../support/bad-input/tables.ts"
import { renderErrors } from "../support/bad-input/wrong-input.ts"

const groups = [...onGoodHost, ...onOldHost]
const cases = groups.flatMap((group) => group.cases)

it("docs/errors.md says what the tables say; to write it anew: vitest run --project unit errors-page -u", async () => {
  await expect(renderErrors(groups)).toMatchFileSnapshot("../../docs/errors.md")
})

it.each(cases)("$wrong: says where, what, and what to do", ({ error }) => {
  expect(error).toMatch(/^[\w.[\]-]+: [^\n]+(\n {2}[^→\n]+)*\n {2}→ [^\n]+$/)
})

it("each wrong input stands there once", () => {
  expect(new Set(cases.map(({ wrong }) => wrong)).size).toBe(cases.length)
})
