// run.ts [PART…]: runs the test suite, or the named parts, one after the other, and goes on after a
// failure. Each gate counts as one test, each vitest test as one. The last line is `N passed, M failed`.
import { gates } from "./parts/gates.ts"
import { add, type Count, none, type Part } from "./parts/part.ts"
import { tiers } from "./parts/tiers.ts"

const parts: Part[] = [...gates, ...tiers]

/** Names that stand for several parts. */
const groups: Record<string, string[]> = {
  check: [...gates.map((gate) => gate.name), "unit"],
}

function chosen(names: string[]): Part[] {
  const wanted = names.flatMap((name) => groups[name] ?? [name])
  const unknown = wanted.find((name) => !parts.some((part) => part.name === name))
  if (unknown) {
    const known = [...Object.keys(groups), ...parts.map((part) => part.name)].join(", ")
    console.error(`test: there is no part "${unknown}"\n  → choose from: ${known}`)
    process.exit(2)
  }
  return parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
}

interface Row {
  name: string
  seconds: number
  count: Count
}

async function run(part: Part): Promise<Row> {
  console.log(`\n── ${part.name}: ${part.what}`)
  const started = performance.now()
  const count = await part.run()
  return { name: part.name, seconds: (performance.now() - started) / 1000, count }
}

const rows: Row[] = []
for (const part of chosen(process.argv.slice(2))) rows.push(await run(part))

console.log("\npart             seconds   passed   failed")
for (const { name, seconds, count } of rows) {
  const cells = [
    seconds.toFixed(1).padStart(8),
    String(count.passed).padStart(9),
    String(count.failed).padStart(9),
  ]
  console.log(`${name.padEnd(16)}${cells.join("")}`)
}

const total = rows.map((row) => row.count).reduce(add, none)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ""
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
