import { defineConfig } from "vitest/config"

const minute = 60_000

/** Tiers that talk to an engine share it: one test file after the other, and patience. */
const withEngine = {
  fileParallelism: false,
  maxConcurrency: 2,
  testTimeout: 10 * minute,
  hookTimeout: 15 * minute,
}

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "contract", include: ["test/contract/**/*.test.ts"], ...withEngine } },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...withEngine } },
      { test: { name: "supply-chain", include: ["test/supply-chain/**/*.test.ts"], ...withEngine } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], ...withEngine } },
      { test: { name: "faults", include: ["test/faults/**/*.test.ts"], ...withEngine } },
    ],
  },
})
