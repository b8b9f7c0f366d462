import { expect, it } from "vitest"
import type { Host } from "../../src/host/host.ts"

/** What every adapter of {@link Host} does. */
export function describeHost(host: () => Host): void {
  it.each([
    ["spaces", "a  b "],
    ["quotes", `it's "quoted"`],
    ["what a shell would run", "$(touch /tmp/seamless-was-here) `id` ; id && id | id > x"],
    ["variables and globs", "$HOME ~ * ? [a]"],
    ["line breaks and tabs", "first\nsecond\tthird\r\n"],
    ["backslashes", "\\n \\\\ \\"],
    ["nothing at all", ""],
    ["a dash", "-oProxyCommand=id"],
    ["letters of the world", "größe 日本 🚀"],
  ])("passes an argument with %s on byte for byte", async (_, argument) => {
    const { code, stdout } = await host().run({ argv: ["printf", "%s|", argument, "end"] })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${argument}|end|` })
  })

  it("passes standard input on", async () => {
    const { stdout } = await host().run({ argv: ["cat"], stdin: "one\n$two\n\n" })
    expect(stdout).toBe("one\n$two\n\n")
  })

  it.each([0, 1, 7, 127, 254])("tells exit status %i", async (status) => {
    expect((await host().run({ argv: ["sh", "-c", `exit ${status}`] })).code).toBe(status)
  })

  it("keeps standard output and standard error apart", async () => {
    const { stdout, stderr } = await host().run({ argv: ["sh", "-c", "echo out; echo err >&2"] })
    expect(stdout).toBe("out\n")
    expect(stderr).toContain("err")
    expect(stderr).not.toContain("out")
  })

  it("passes much output on", async () => {
    const { stdout } = await host().run({ argv: ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"] })
    expect(stdout).toHaveLength(3_000_000)
  })

  it("brings files as an archive", async () => {
    const files = { plan: "a\tb\n", "release/compose.yml": "services: {}\n" }
    const script = "cd $(mktemp -d) && tar -xof - && find . -type f | sort && cat plan release/compose.yml"
    const { code, stdout } = await host().run({ argv: ["sh", "-c", script], files })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "./plan\n./release/compose.yml\na\tb\nservices: {}\n",
    })
  })
}
