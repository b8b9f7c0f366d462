// Archives of small text files, as text: the engine's API passes files as text, and none but text is needed here.

const block = 512

/** The files of an archive in the ustar format, by path. Folders are left out. */
export function readTar(text: string): Map<string, string> {
  const bytes = new TextEncoder().encode(text)
  const files = new Map<string, string>()
  for (let at = 0; at + block <= bytes.length; ) {
    const header = new TextDecoder().decode(bytes.subarray(at, at + block))
    const path = field(header, 0, 100)
    if (path === "") break
    const size = Number.parseInt(field(header, 124, 12), 8) || 0
    const content = bytes.subarray(at + block, at + block + size)
    if (!path.endsWith("/")) files.set(path, new TextDecoder().decode(content))
    at += block + Math.ceil(size / block) * block
  }
  return files
}

/** An archive of the files, in the ustar format. Paths are ASCII, and at most 100 characters long. */
export function writeTar(files: ReadonlyMap<string, string>): string {
  const parts = [...files].map(([path, content]) => {
    const size = new TextEncoder().encode(content).length
    return header(path, size) + content + "\0".repeat((block - (size % block)) % block)
  })
  return parts.join("") + "\0".repeat(2 * block)
}

const field = (header: string, from: number, length: number) =>
  header.slice(from, from + length).replace(/\0[\s\S]*$/, "")

function header(path: string, size: number): string {
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0")
  const before = `${path.padEnd(100, "\0")}0000644\x000000000\x000000000\0${octal(size, 11)}\x0000000000000\0`
  const after = `0${"\0".repeat(100)}ustar\x0000${"\0".repeat(247)}`
  // The sum is made with blanks in its own place.
  const sum = [...`${before}        ${after}`].reduce((all, character) => all + character.charCodeAt(0), 0)
  return `${before}${octal(sum, 6)}\0 ${after}`
}
