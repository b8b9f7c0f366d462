/**
 * The patterns of a .dockerignore, as Docker reads them: lines of comment and empty lines dropped, paths made plain, a leading slash
 * taken off, `!` kept.
 *
 * Source: `ReadAll` of github.com/moby/patternmatcher/ignorefile.
 */
export function parseDockerignore(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map(pattern)
}

function pattern(line: string): string {
  const negated = line.startsWith("!")
  const path = negated ? line.slice(1).trim() : line
  if (path === "") return negated ? "!" : ""
  const clean = cleanPath(path)
  const relative = clean.length > 1 ? clean.replace(/^\//, "") : clean
  return `${negated ? "!" : ""}${relative}`
}

/** A path without `.`, `..`, and slashes that say nothing. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/")
  const parts: string[] = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part !== "..") parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop()
    else if (!rooted) parts.push("..")
  }
  return `${rooted ? "/" : ""}${parts.join("/")}` || "."
}
