// bundle.mjs OUTDIR: the files of a module's sdk/ folder and the introspector,
// bundled from the published @dagger.io/dagger.
import { readFileSync } from "node:fs"
import { build } from "esbuild"
import { rollup } from "rollup"
import { dts } from "rollup-plugin-dts"

const out = process.argv[2]
const pkg = "node_modules/@dagger.io/dagger/dist/src"

// Each call has TypeScript read the module again. Without the declarations of
// the browser's API, which it looks through by default, that takes half the time.
const withoutBrowserApi = {
  name: "without-browser-api",
  setup(build) {
    build.onLoad({ filter: /typescript_module\/ast\.js$/ }, ({ path }) => {
      const before = readFileSync(path, "utf8")
      const target = "target: ts.ScriptTarget.ES2022,"
      const contents = before.replace(target, `${target} lib: ["lib.es2022.d.ts"],`)
      if (contents === before) throw new Error(`${path}: ${target} not found`)
      return { contents }
    })
  },
}

await build({
  entryPoints: {
    "sdk/core": `${pkg}/index.js`,
    introspect: `${pkg}/module/entrypoint/introspection_entrypoint.js`,
  },
  outdir: out,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // tsx compiles core.js anew in each call: the fewer bytes the better.
  minify: true,
  keepNames: true,
  // TypeScript finds its lib.*.d.ts next to its own file: never inline it.
  external: ["typescript"],
  banner: {
    js: 'import { createRequire as __cr } from "node:module"; const require = __cr(import.meta.url);',
  },
  legalComments: "none",
  logLevel: "warning",
  plugins: [withoutBrowserApi],
})

const types = await rollup({
  input: `${pkg}/index.d.ts`,
  // A package below node_modules would be left as an import.
  plugins: [dts({ respectExternal: true })],
  external: (id) => /^(graphql|@opentelemetry)/.test(id) || id.startsWith("node:"),
  onwarn: () => {},
})
await types.write({ file: `${out}/sdk/core.d.ts`, format: "es" })
