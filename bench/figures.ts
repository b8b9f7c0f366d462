/** How often each thing is measured: RUNS, or else this many times. */
export const runsOr = (usual: number) => Number(process.env.RUNS ?? usual)

export const runs = runsOr(7)

export const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** The median of some runs, in milliseconds. */
export async function repeat(work: () => Promise<number>, times = runs): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < times; run++) values.push(await work())
  return median(values)
}

export const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

export type Row = [what: string, figure: string, aim: string]

export function print(title: string, rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([what]) => what.length))
  console.log(`${title}\n`)
  for (const [what, figure, aim] of rows)
    console.log(`${what.padEnd(width)}  ${figure}${aim === "" ? "" : `   (aim: ${aim})`}`)
}
