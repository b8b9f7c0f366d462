import { fileURLToPath } from "node:url"
import { execa } from "execa"
import { expect, it } from "vitest"

it("passes what dagger check runs: the lab, the traffic generator and the module by its public functions", async () => {
  const { exitCode, all } = await execa("dagger", ["--progress", "plain", "-m", ".dagger", "check"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    all: true,
    reject: false,
    stdin: "ignore",
  })
  expect(exitCode, all.slice(-4000)).toBe(0)
  for (const name of ["traffic-test", "lab-test", "deploy-test"]) expect(all).toContain(name)
})
