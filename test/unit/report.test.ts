import fc from "fast-check"
import { expect, test } from "vitest"
import { type DeployReport, headline, renderJson, renderText, type Verdict } from "../../src/core/report.ts"
import { renderMarkdown } from "../../src/core/report-markdown.ts"

const digest = `sha256:${"a".repeat(64)}`

function report(changes: Partial<DeployReport> = {}): DeployReport {
  return {
    verdict: "deployed",
    host: "deploy@example.com",
    project: "shop",
    release: 2,
    image: "ghcr.io/acme/web",
    digest,
    tags: ["1.4.2", "latest"],
    services: ["web"],
    steps: [
      { sentence: "pull web by digest", ms: 1_200, outcome: "done" },
      { sentence: "switch web to r2", ms: 4, outcome: "done" },
    ],
    traffic: { requests: 1_420, failed: 0, cut: 1, longestMs: 37 },
    undone: [],
    totalMs: 12_300,
    timings: { build: 9_000, apply: 3_300 },
    ...changes,
  }
}

const reverted = report({
  verdict: "reverted",
  reason: "web never became ready within 30s",
  steps: [
    { sentence: "start web r2", ms: 800, outcome: "undone" },
    { sentence: "wait until web r2 is ready", ms: 30_000, outcome: "failed" },
    { sentence: "switch web to r2", ms: 0, outcome: "skipped" },
  ],
  undone: ["stopped web r2"],
  logTail: ["boom", "at index.js:3"],
})

test("a deploy as text", () => {
  expect(renderText(report()).split("\n")).toEqual([
    "Deployed shop (web) to deploy@example.com as release 2.",
    "  Image    ghcr.io/acme/web",
    "  Tags     1.4.2, latest",
    `  Digest   ${digest}`,
    "  Traffic  1420 requests, 0 failed, 1 connections cut, longest 37ms",
    "  Time     12s300ms: build 9s, apply 3s300ms",
    "  ✓ 1s200ms  pull web by digest",
    "  ✓     4ms  switch web to r2",
    "",
  ])
})

test("warnings are told in both forms", () => {
  const warned = report({ warnings: ["the configuration of release 1 is restored"] })
  expect(renderText(warned)).toContain("\n  ! the configuration of release 1 is restored\n")
  expect(renderMarkdown(warned)).toContain("> ⚠️ the configuration of release 1 is restored")
  expect(renderMarkdown(report())).not.toContain("⚠️")
})

test("a revert as text", () => {
  const text = renderText(reverted)
  expect(text).toContain("shop (web) on deploy@example.com was reverted: the version from before serves.\n")
  expect(text).toContain("  Reason   web never became ready within 30s\n")
  expect(text).toContain(
    "  ↩ 800ms  start web r2\n  ✗   30s  wait until web r2 is ready\n  -    0s  switch web to r2\n",
  )
  expect(text).toContain("  undone: stopped web r2\n  last log lines:\n    | boom\n    | at index.js:3\n")
})

test.each<[verdict: Verdict, sentence: string]>([
  ["deployed", "Deployed shop (web) to deploy@example.com as release 2."],
  ["unchanged", "shop (web) on deploy@example.com already runs this version: nothing to do."],
  ["reverted", "shop (web) on deploy@example.com was reverted: the version from before serves."],
  ["failed", "The deploy of shop (web) to deploy@example.com failed and needs a look."],
  ["refused", "The deploy of shop (web) to deploy@example.com was refused: nothing was changed."],
  ["rolled-back", "Rolled shop (web) on deploy@example.com back to release 2."],
])("%s: %s", (verdict, sentence) => {
  expect(headline(report({ verdict }))).toBe(sentence)
})

test("as JSON it is the same data", () => {
  expect(JSON.parse(renderJson(reverted))).toEqual(reverted)
})

test("a deploy as Markdown", () => {
  expect(renderMarkdown(report({ tags: [], digest: undefined, traffic: undefined })).split("\n")).toEqual([
    "### ✅ Deployed shop \\(web\\) to deploy@\u2060example.com as release 2.",
    "",
    "|  |  |",
    "| --- | --- |",
    "| Image | ghcr.io/acme/web |",
    "| Time | 12s300ms: build 9s, apply 3s300ms |",
    "",
    "| Step | Took |  |",
    "| --- | --- | --- |",
    "| pull web by digest | 1s200ms | done |",
    "| switch web to r2 | 4ms | done |",
    "",
  ])
})

test("a revert as Markdown", () => {
  const markdown = renderMarkdown(reverted)
  expect(markdown).toContain("### ↩️ ")
  expect(markdown).toContain("Undone:\n\n- stopped web r2\n")
  expect(markdown).toContain("Last log lines:\n\n```text\nboom\nat index.js:3\n```\n")
})

test.each<[hostile: string, escaped: string]>([
  ["<script>alert(1)</script>", "&lt;script\\>alert\\(1\\)&lt;/script\\>"],
  ["a | b", "a \\| b"],
  ["![x](https://evil.example/p.png)", "\\!\\[x\\]\\(https:\u2060//evil.example/p.png\\)"],
  ["`code` *bold* _it_", "\\`code\\` \\*bold\\* \\_it\\_"],
  ["@team see #1", "@\u2060team see \\#\u20601"],
  ["one\n\n# two", "one \\# two"],
  ["&lt;b&gt;", "&amp;lt;b&amp;gt;"],
])("Markdown shows %j as it is", (hostile, escaped) => {
  const steps = [{ sentence: hostile, ms: 1, outcome: "done" as const }]
  expect(renderMarkdown(report({ steps }))).toContain(`| ${escaped} | 1ms | done |`)
})

test("log lines cannot leave their block", () => {
  const markdown = renderMarkdown(report({ logTail: ["```", "# title", "````x"] }))
  expect(markdown).toContain("`````text\n```\n# title\n````x\n`````\n")
})

test("no text of others adds a line, a cell or an escape sequence", () => {
  const hostile = fc.string({ unit: "binary" })
  fc.assert(
    fc.property(hostile, (it) => {
      const one = report({
        project: it,
        reason: `r${it}`,
        logTail: [it],
        undone: [it],
        warnings: [it],
        steps: [{ sentence: it, ms: 1, outcome: "done" }],
      })
      const plain = report({
        project: "p",
        reason: "r",
        logTail: ["l"],
        undone: ["u"],
        warnings: ["w"],
        steps: [{ sentence: "s", ms: 1, outcome: "done" }],
      })
      for (const render of [renderText, renderMarkdown]) {
        expect(render(one).split("\n").length).toBe(render(plain).split("\n").length)
        expect(render(one)).not.toMatch(/[^\P{Cc}\n]/u)
      }
      const cells = (text: string) => text.split(/(?<!\\)\|/).length
      expect(cells(renderMarkdown({ ...one, logTail: [] }))).toBe(
        cells(renderMarkdown({ ...plain, logTail: [] })),
      )
    }),
  )
})
