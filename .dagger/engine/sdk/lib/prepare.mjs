// prepare.mjs MODULE_NAME: makes the working directory a TypeScript module
// (package.json, tsconfig.json, a first source file), installs what its
// package.json asks for and writes the command that starts it.
import { execFileSync } from "node:child_process"
import fs from "node:fs"
import ts from "typescript"

const [name] = process.argv.slice(2)

// tsconfig.json is JSON with comments and trailing commas.
function read(file) {
  if (!fs.existsSync(file)) return undefined
  const { config, error } = ts.parseConfigFileTextToJson(file, fs.readFileSync(file, "utf8"))
  if (error) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(error.messageText, "\n")}`)
  return config
}
function write(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

const pkg = read("package.json") ?? {}
pkg.type = "module"
delete pkg.dependencies?.["@dagger.io/dagger"]
delete pkg.devDependencies?.["@dagger.io/dagger"]
const wanted = Object.keys(pkg.dependencies ?? {})
pkg.dependencies = { typescript: ts.version, ...pkg.dependencies }
write("package.json", pkg)

const conf = read("tsconfig.json") ?? {
  compilerOptions: {
    target: "ES2022",
    module: "ESNext",
    moduleResolution: "Bundler",
    strict: true,
    skipLibCheck: true,
  },
}
conf.compilerOptions ??= {}
conf.compilerOptions.experimentalDecorators = true
conf.compilerOptions.paths = {
  ...conf.compilerOptions.paths,
  "@dagger.io/dagger": ["./sdk/index.ts"],
  "@dagger.io/dagger/telemetry": ["./sdk/telemetry.ts"],
}
write("tsconfig.json", conf)

// "dagger": { "runtime": "bun" } or "bun@1.3.0"; there is one version of each here.
const [runtime] = (pkg.dagger?.runtime ?? "node").split("@")
const installers = { bun: ["bun", "--no-verify"], node: ["npm", "--no-audit", "--no-fund"] }
if (!installers[runtime])
  throw new Error(`package.json: dagger.runtime: ${runtime} is not available, only node and bun`)

// The TypeScript of this image does for a module that asks for no other one.
if (wanted.some((dep) => dep !== "typescript" || pkg.dependencies.typescript !== ts.version)) {
  const [command, ...options] = installers[runtime]
  const args = ["install", ...options, "--omit=dev", "--omit=peer", "--omit=optional"]
  execFileSync(command, args, { stdio: "inherit" })
}
if (!fs.existsSync("node_modules/typescript")) {
  fs.mkdirSync("node_modules", { recursive: true })
  fs.symlinkSync("/opt/dagger-ts/node_modules/typescript", "node_modules/typescript")
}

// start-module FOLDER
const main = '"$1/src/__dagger.entrypoint.ts"'
const start =
  runtime === "bun" ? `bun run ${main}` : `tsx --no-deprecation --tsconfig "$1/tsconfig.json" ${main}`
fs.writeFileSync("/usr/local/bin/start-module", `#!/bin/sh\nexec ${start}\n`, { mode: 0o755 })

const className = name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, c) => c.toUpperCase())
fs.mkdirSync("/template/src", { recursive: true })
fs.writeFileSync(
  "/template/src/index.ts",
  `import { dag, Directory, func, object } from "@dagger.io/dagger"

@object()
export class ${className} {
  /** Returns the text it is given. */
  @func()
  echo(text: string): string {
    return text
  }

  /** Lists the files of a directory. */
  @func()
  async ls(dir: Directory): Promise<string[]> {
    return await dag.directory().withDirectory("/", dir).entries()
  }
}
`,
)
