/** Facts as the host's scripts print them: `name<TAB>base64`, a line each. */
export function facts(...values: [name: string, value: string][]): string {
  return values.map(([name, value]) => `${name}\t${Buffer.from(value).toString("base64")}\n`).join("")
}
