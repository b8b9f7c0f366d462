// bundle-parser.mjs [FILE]: makes src/parser/dockerfile-ast.mjs from the npm package dockerfile-ast, so that the module needs no
// installation when it is loaded. A test compares the file with what this makes.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const require = createRequire(import.meta.url)

/** The packages that go into the bundle, each with its version and licence: the licence asks for that. */
const notices = ["dockerfile-ast", "vscode-languageserver-textdocument", "vscode-languageserver-types"].map(
  (name) => {
    const folder = join(root, "node_modules", name)
    const { version, license, author } = require(join(folder, "package.json"))
    const by = typeof author === "string" ? author : author.name
    const text = readFileSync(join(folder, "License.txt"), "utf8").replaceAll("\r", "")
    return `${name} ${version}, ${license}, ${by}\n\n${text.trim()}`
  },
)

await build({
  stdin: { contents: 'export { DockerfileParser } from "dockerfile-ast"', resolveDir: root },
  outfile: process.argv[2] ?? join(root, "src/parser/dockerfile-ast.mjs"),
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  target: "es2022",
  minify: true,
  legalComments: "none",
  banner: { js: `/* Made by scripts/bundle-parser.mjs: do not edit.\n\n${notices.join("\n\n---\n\n")}\n*/` },
})
