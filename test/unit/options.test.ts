import { expect, test } from "vitest"
import { InputError } from "../../src/core/errors.ts"
import { parseOptions, type RolloutOptions } from "../../src/core/options.ts"

/** The options as the module gives them when the caller says nothing. */
const options: RolloutOptions = {
  services: [],
  tagVariable: "IMAGE_TAG",
  healthPath: "/health",
  healthStatus: 200,
  healthCount: 3,
  readyTimeout: "1m",
  publicTimeout: "10s",
  drainTimeout: "30s",
  errorRate: 5,
  proxyImage: "haproxy:lts",
  allowGap: false,
  diskReserve: 500,
  keep: 5,
  by: "ada",
  commit: "",
}

test("the defaults, in milliseconds", () => {
  expect(parseOptions(options)).toEqual({
    services: [],
    tagVariable: "IMAGE_TAG",
    health: { path: "/health", status: 200, count: 3 },
    readyTimeout: 60_000,
    publicTimeout: 10_000,
    drainTimeout: 30_000,
    errorRate: 5,
    proxyImage: "haproxy:lts",
    allowGap: false,
    migrateTimeout: 600_000,
    diskReserve: 500,
    keep: 5,
    force: false,
    by: "ada",
    commit: "",
    branch: "",
  })
})

test.each<[Partial<RolloutOptions>, object]>([
  [{ soak: "0" }, { soak: 0 }],
  [{ soak: "1m30s" }, { soak: 90_000 }],
  [{ healthPort: 9000 }, { health: { path: "/health", status: 200, count: 3, port: 9000 } }],
  [{ healthPath: "/up?deep=1&v=a%20b" }, { health: { path: "/up?deep=1&v=a%20b", status: 200, count: 3 } }],
  [{ healthPath: "/" }, { health: { path: "/", status: 200, count: 3 } }],
  [{ envFile: "config/prod.env" }, { envFile: "config/prod.env" }],
  [{ tagVariable: "_tag2" }, { tagVariable: "_tag2" }],
  [{ tagVariable: "PATH_TAG" }, { tagVariable: "PATH_TAG" }],
  [{ errorRate: 0 }, { errorRate: 0 }],
  [
    { migrate: "npm run migrate && true", migrateTimeout: "1h" },
    { migrate: "npm run migrate && true", migrateTimeout: 3_600_000 },
  ],
  [
    { diskReserve: 0, keep: 1 },
    { diskReserve: 0, keep: 1 },
  ],
  [
    { commitTime: 1_700_000_000, branch: "main" },
    { commitTime: 1_700_000_000, branch: "main" },
  ],
  [{ errorRate: 100 }, { errorRate: 100 }],
])("takes %j", (changes, part) => {
  expect(parseOptions({ ...options, ...changes })).toMatchObject(part)
})

test.each<[Partial<RolloutOptions>, string]>([
  [{ migrate: "" }, `migrate: "" is not a command on one line\n  → `],
  [{ migrate: "a\tb" }, 'migrate: "a\\tb" is not a command'],
  [{ migrateTimeout: "0" }, "migrateTimeout: 0 is too short"],
  [{ diskReserve: -1 }, "diskReserve: -1 is out of range"],
  [{ diskReserve: 0.5 }, "diskReserve: 0.5 is out of range"],
  [{ keep: 0 }, "keep: 0 is out of range\n  → give a whole number from 1 to 1000"],
  [{ commitTime: -5 }, "commitTime: -5 is out of range"],
  [{ tagVariable: "" }, `tagVariable: "" is not a variable's name\n  → `],
  [{ tagVariable: "IMAGE-TAG" }, `tagVariable: "IMAGE-TAG" is not a variable's name`],
  [{ tagVariable: "1TAG" }, "tagVariable: "],
  [{ tagVariable: "A=1" }, "tagVariable: "],
  [{ tagVariable: "A\nB" }, 'tagVariable: "A\\nB" is not'],
  [{ tagVariable: "PATH" }, "tagVariable: PATH has a meaning of its own\n  → "],
  [{ tagVariable: "LD_PRELOAD" }, "tagVariable: LD_PRELOAD has a meaning of its own"],
  [{ tagVariable: "COMPOSE_FILE" }, "tagVariable: COMPOSE_FILE has a meaning of its own"],
  [{ tagVariable: "DOCKER_HOST" }, "tagVariable: DOCKER_HOST has a meaning of its own"],
  [{ tagVariable: "IFS" }, "tagVariable: IFS has a meaning of its own"],
  [{ envFile: "" }, 'envFile: "" cannot be used\n  → '],
  [{ envFile: "my file.env" }, 'envFile: "my file.env" cannot be used'],
  [{ envFile: "--version" }, 'envFile: "--version" cannot be used'],
  [{ healthPath: "health" }, 'healthPath: "health" is not the path of a URL\n  → begin it with a slash'],
  [{ healthPath: "" }, 'healthPath: "" is not the path'],
  [{ healthPath: "/a b" }, 'healthPath: "/a b" is not the path'],
  [{ healthPath: "/a\r\nHost: evil" }, "is not the path of a URL"],
  [{ healthPath: "/$(id)`id`" }, "is not the path of a URL"],
  [{ healthPort: 0 }, "healthPort: 0 is out of range\n  → give a whole number from 1 to 65535"],
  [{ healthPort: 65_536 }, "healthPort: 65536 is out of range"],
  [{ healthStatus: 99 }, "healthStatus: 99 is out of range"],
  [{ healthStatus: 600 }, "healthStatus: 600 is out of range"],
  [{ healthStatus: 200.5 }, "healthStatus: 200.5 is out of range"],
  [{ healthCount: 0 }, "healthCount: 0 is out of range"],
  [{ healthCount: 101 }, "healthCount: 101 is out of range"],
  [{ readyTimeout: "soon" }, 'readyTimeout: "soon" is not a duration'],
  [{ readyTimeout: "0" }, "readyTimeout: 0 is too short to wait for anything\n  → give at least 1s"],
  [{ publicTimeout: "500ms" }, "publicTimeout: 500ms is too short"],
  [{ drainTimeout: "10" }, 'drainTimeout: "10" is not a duration'],
  [{ soak: "-5s" }, 'soak: "-5s" is not a duration'],
  [{ errorRate: -1 }, "errorRate: -1 is out of range\n  → give a whole number from 0 to 100"],
  [{ errorRate: 101 }, "errorRate: 101 is out of range"],
  [{ proxyImage: "" }, 'proxyImage: "" cannot be used'],
  [{ proxyImage: "-v" }, 'proxyImage: "-v" cannot be used'],
])("refuses %j", (changes, message) => {
  expect(() => parseOptions({ ...options, ...changes })).toThrow(InputError)
  expect(() => parseOptions({ ...options, ...changes })).toThrow(message)
})
