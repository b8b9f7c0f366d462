import { expect, test } from "vitest"
import { InputError } from "../../src/core/errors.ts"
import type { HostState } from "../../src/core/host-state.ts"
import { checkHost } from "../../src/core/preflight.ts"
import { config, world } from "./support/world.ts"

const check = (changes: Partial<HostState> = {}, envFile?: string) => {
  const wanted = { tagVariable: "IMAGE_TAG", ...(envFile === undefined ? {} : { envFile }) }
  return checkHost(world(changes), wanted, "shop")
}

/** What the host is like without these facts. */
const without = (...names: (keyof HostState)[]) =>
  Object.fromEntries(names.map((name) => [name, undefined])) as Partial<HostState>

test("a host that is right gives its directory and its configuration", () => {
  expect(check()).toEqual({ directory: "/home/deploy/shop", config: config() })
  expect(check({ envFileFound: true }, "prod.env")).toBeDefined()
})

test.each(["2.24.4", "v2.24.10", "2.25.0", "2.40.3-desktop.1", "3.0", "5.1.0", "10.2"])(
  "Compose %s will do",
  (compose) => {
    expect(() => check({ compose })).not.toThrow()
  },
)

const unset =
  'time="2026-01-01T00:00:00Z" level=warning msg="The \\"API_KEY\\" variable is not set. Defaulting to a blank string."'

test.each<[what: string, changes: Partial<HostState>, message: string]>([
  [
    "no docker",
    { missing: ["docker", "flock"] },
    "host: docker is not installed there\n  → install Docker Engine",
  ],
  [
    "no permission",
    { daemon: { error: "permission denied while trying to connect to the Docker daemon socket" } },
    "host: Docker does not answer there: permission denied while trying to connect to the Docker daemon socket\n  → add the SSH user to the group docker",
  ],
  [
    "no dockerd",
    { daemon: { error: "Cannot connect to the Docker daemon" } },
    "host: Docker does not answer there: Cannot connect to the Docker daemon\n  → check that dockerd runs",
  ],
  [
    "no flock and no setsid",
    { missing: ["flock", "setsid"] },
    "host: it lacks flock, setsid\n  → install them",
  ],
  [
    "no Compose",
    { compose: "docker: 'compose' is not a docker command." },
    "host: it has no Compose plugin: docker: 'compose' is not a docker command.\n  → install the package",
  ],
  [
    "Compose 2.23",
    { compose: "2.23.3" },
    "host: its Compose 2.23.3 is too old\n  → install Compose 2.24.4 or newer",
  ],
  ["Compose 1", { compose: "1.29.2" }, "host: its Compose 1.29.2 is too old\n  → "],
  [
    "no directory",
    without("directory"),
    "projectDir: there is no directory shop on the host (home: /home/deploy)\n  → create it",
  ],
  [
    "a directory of another user",
    { writable: false },
    "projectDir: the SSH user may not write to /home/deploy/shop\n  → ",
  ],
  [
    "no Compose file",
    { files: [] },
    "projectDir: /home/deploy/shop has no Compose file\n  → put the Compose file there",
  ],
  [
    "a file that is not there",
    { files: ["a.yml", "b.yml"], missingFiles: ["b.yml"] },
    "composeFiles: /home/deploy/shop has no b.yml\n  → correct --compose-files",
  ],
  ["a path with a colon", { files: ["a:b.yml"] }, 'composeFiles: the path "a:b.yml" '],
  [
    "a path with a variable",
    { files: ["$HOME.yml"] },
    'composeFiles: the path "$HOME.yml" has a colon, white',
  ],
  ["a path with a quote", { files: ["it's.yml"] }, 'composeFiles: the path "it\'s.yml" '],
  ["a path with a blank", { files: ["compose.yml", "my file.yml"] }, 'composeFiles: the path "my file.yml" '],
  [
    "an invalid file",
    {
      ...without("config"),
      warnings: "time=x level=warning msg=obsolete\nservices.web.ports must be a list",
    },
    "composeFiles: Compose refuses /home/deploy/shop/compose.yml: services.web.ports must be a list\n  → correct the file",
  ],
  [
    "an invalid file of which only the log tells",
    { ...without("config"), warnings: "time=x level=fatal" },
    "composeFiles: Compose refuses /home/deploy/shop/compose.yml: time=x level=fatal\n",
  ],
  [
    "a variable that is not set",
    { warnings: unset },
    "composeFiles: /home/deploy/shop/compose.yml needs the variable API_KEY, which is not set\n  → set it in /home/deploy/shop/.env, or give it a default in the file: ${API_KEY:-value}",
  ],
  [
    "no services",
    { config: config({}) },
    "composeFiles: /home/deploy/shop/compose.yml has no services\n  → add a service whose image has the tag ${IMAGE_TAG}",
  ],
])("refuses %s", (_, changes, message) => {
  expect(() => check(changes)).toThrow(InputError)
  expect(() => check(changes)).toThrow(message)
})

test("refuses an env file that is not there", () => {
  expect(() => check({}, "prod.env")).toThrow("envFile: /home/deploy/shop has no file prod.env\n  → ")
})

test("the first thing wrong is the one that is told", () => {
  const all = { missing: ["docker"], compose: "1.0", writable: false, files: [], warnings: unset }
  expect(() => check(all)).toThrow("docker is not installed")
  expect(() => check({ ...all, missing: [] })).toThrow("too old")
  expect(() => check({ ...all, missing: [], compose: "2.24.4" })).toThrow("may not write")
})
