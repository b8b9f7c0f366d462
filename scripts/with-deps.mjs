// with-deps.mjs FILE ARGS…: runs a TypeScript file on a fresh clone. Installs the node modules first when they
// are missing or differ from package-lock.json. Needs Node and npm, nothing else.
import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const [file, ...args] = process.argv.slice(2)
if (!file) {
  console.error("usage: node scripts/with-deps.mjs FILE ARGS…")
  process.exit(2)
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old\n  → install Node 20.19 or newer`)
  process.exit(1)
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesIn(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8")).packages
}

/** Whether every package that the lock file asks for is there in the same version. npm keeps a copy of what it installed. */
function installed() {
  try {
    const have = packagesIn("node_modules/.package-lock.json")
    return Object.entries(packagesIn("package-lock.json")).every(
      // An optional package for another platform is rightly missing.
      ([path, { version, optional }]) =>
        path === "" || (have[path] ? have[path].version === version : optional),
    )
  } catch {
    return false
  }
}

if (!installed()) {
  console.error("Installing node modules…")
  const started = Date.now()
  // No install scripts: nothing here needs one, and a package should not run code before it is used.
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  })
  if (npm.status !== 0) {
    console.error("npm ci failed: the node modules are not installed. Is the package registry reachable?")
    process.exit(1)
  }
  console.error(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`)
}

const child = spawn(process.execPath, ["--import", "tsx", join(root, file), ...args], {
  cwd: root,
  stdio: "inherit",
})
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => child.kill(signal))
}
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
