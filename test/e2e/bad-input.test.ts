import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Lab, startLab } from "../support/lab.ts"
import { daggerCall, hostAccess, labAccess, registryAccess } from "../support/seamless.ts"
import { build, deploy } from "../support/stories.ts"

let lab: Lab

/** Everything on the host that a refused call must leave as it is. */
async function snapshot(): Promise<string> {
  const containers = "docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'"
  const images = "docker images --no-trunc --format '{{.Repository}} {{.Tag}} {{.ID}}'"
  const files = "cd /home/deploy && find . -type f | sort | xargs sha256sum"
  const { stdout } = await lab.exec(`${containers}; ${images}; docker network ls --no-trunc; ${files}`, {
    as: "root",
  })
  return stdout
}

/** The options of a call, those of the lab but for what is changed; `undefined` leaves one out. */
function options(changes: Record<string, string | undefined>): string[] {
  const all = Object.fromEntries(
    [...labAccess(lab), "--image=1.0.0"].map(
      (option) => [option.slice(2, option.indexOf("=")), option.slice(option.indexOf("=") + 1)] as const,
    ),
  )
  return Object.entries({ ...all, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
}

/** A project on the host whose Compose file is wrong in one way. */
async function project(name: string, compose: string, env = "IMAGE_TAG=1.0.0\n"): Promise<void> {
  const directory = `/home/deploy/${name}`
  await lab.exec(`mkdir -p ${directory} && cat > ${directory}/compose.yml`, { stdin: compose })
  await lab.exec(`cat > ${directory}/.env`, { stdin: env })
}

const service = (more: string) => `services:\n  web:\n    image: registry:5000/app:\${IMAGE_TAG}\n${more}`

beforeAll(async () => {
  lab = await startLab()
  const good = await deploy(lab, { version: "1.0.0" })
  expect(good.code, good.stderr).toBe(0)
  await project("invalid", "services: [web]\n")
  await project("unset", service('    ports: ["8090:3000"]\n    environment: {URL: "${DATABASE_URL}"}\n'))
  await project("nobody", "services:\n  db:\n    image: postgres:17\n")
  await project("building", 'services:\n  web:\n    build: .\n    ports: ["8090:3000"]\n')
  await project("udp", service('    ports: ["8090:3000/udp"]\n'))
  await project("worker", service("    command: work\n"))
  await project(
    "volume",
    service('    ports: ["8090:3000"]\n    volumes: ["data:/data"]\nvolumes: {data: {}}\n'),
  )
  await project(
    "stop-first",
    service('    ports: ["8090:3000"]\n    deploy: {update_config: {order: stop-first}}\n'),
  )
  await project("host-network", service("    network_mode: host\n"))
  await project("taken", service('    ports: ["8080:3000"]\n'))
  await project("process", service('    ports: ["22:3000"]\n'))
  await lab.exec(
    "mkdir -p /home/deploy/empty && useradd -m -s /bin/sh outsider && mkdir -p /etc/lab/authorized_keys && cp /etc/lab/authorized_keys/deploy /etc/lab/authorized_keys/outsider",
    { as: "root" },
  )
})
afterAll(async () => {
  await lab.stop()
})

interface BadInput {
  what: string
  /** Options of `deploy` that are wrong. */
  changes: Record<string, string | undefined>
  /** Where and what, then what to do. */
  says: [problem: string, hint: string]
}

const refused: BadInput[] = [
  {
    what: "a host without a user",
    changes: { host: "host.test" },
    says: ['host: "host.test" names no user', "write user@name"],
  },
  { what: "a port of 0", changes: { host: "deploy@host.test:0" }, says: ["host:", "65535"] },
  { what: "a port of 65536", changes: { host: "deploy@host.test:65536" }, says: ["host:", "65535"] },
  { what: "a port that is no number", changes: { host: "deploy@host.test:ssh" }, says: ["host:", "→"] },
  {
    what: "an option of ssh as a host",
    changes: { host: "-oProxyCommand=id@host.test" },
    says: ["host:", "→"],
  },
  { what: "white space in the host", changes: { host: "deploy@host.test;id x" }, says: ["host:", "→"] },
  {
    what: "a host that no name server knows",
    changes: { host: "deploy@nowhere.invalid:2222", "ssh-service": undefined },
    says: ["knownHosts:", "→"],
  },
  {
    what: "no entry for the host in known_hosts",
    changes: { host: "deploy@other.test:2222" },
    says: ["knownHosts: there is no entry for [other.test]:2222", "ssh-keyscan"],
  },
  {
    what: "another host key than the known one",
    changes: { "known-hosts": "KEYS/known_hosts_changed" },
    says: [
      "knownHosts: SSH to deploy@host.test:2222 failed: the host's key is not the one in known_hosts",
      "→ if the host was set up anew",
    ],
  },
  {
    what: "a key that the host does not accept",
    changes: { "ssh-key": "file:KEYS/wrong_key" },
    says: [
      "sshKey: SSH to deploy@host.test:2222 failed: the host accepts none of the keys",
      "→ add the public key",
    ],
  },
  {
    what: "a public key instead of the private one",
    changes: { "ssh-key": "file:KEYS/id_ed25519.pub" },
    says: ["sshKey:", "→"],
  },
  {
    what: "neither a key nor an agent",
    changes: { "ssh-key": undefined },
    says: ["sshKey: there is neither a key nor an agent", "→ give --ssh-key"],
  },
  {
    what: "a user who may not use Docker",
    changes: { host: "outsider@host.test:2222" },
    says: ["host: Docker does not answer there", "→ add the SSH user to the group docker"],
  },
  { what: "an invalid repository", changes: { repository: "Registry:5000/APP" }, says: ["repository:", "→"] },
  { what: "a tag that is none", changes: { image: "1.0 0" }, says: ["image:", "→"] },
  { what: "a hostile tag", changes: { image: "$(touch x)" }, says: ["image:", "→"] },
  {
    what: "an image of another repository",
    changes: { image: "registry:5000/other:1" },
    says: [
      "image: registry:5000/other:1 is not in the repository registry:5000/app",
      "→ give the image's own repository",
    ],
  },
  {
    what: "an image without a version",
    changes: { image: "registry:5000/app" },
    says: ["image: registry:5000/app has neither a tag nor a digest", "→ say which version"],
  },
  {
    what: "a tag that the registry does not have",
    changes: { image: "9.9.9" },
    says: ["image: registry:5000/app:9.9.9 cannot be found", "→ check the name and the tag"],
  },
  {
    what: "a registry that does not answer",
    changes: { repository: "127.0.0.1:1/app", "registry-service": undefined },
    says: ["image: 127.0.0.1:1/app:1.0.0 cannot be found", "→"],
  },
  {
    what: "a user without a token",
    changes: { "registry-user": "ci" },
    says: ["registryToken: there is a user without a token", "→ give --registry-token"],
  },
  {
    what: "neither an image nor a source",
    changes: { image: undefined },
    says: ["source: there is nothing to deploy", "→ give either --source or --image"],
  },
  {
    what: "both an image and a source",
    changes: { source: "examples/app" },
    says: ["source: there are both a source and an image", "→ give either --source or --image"],
  },
  {
    what: "a health path that is none",
    changes: { "health-path": "health check" },
    says: ['healthPath: "health check" is not the path of a URL', "→ begin it with a slash"],
  },
  {
    what: "a status that is none",
    changes: { "health-status": "99" },
    says: ["healthStatus: 99 is out of range", "→ give a whole number from 100 to 599"],
  },
  {
    what: "a count of 0",
    changes: { "health-count": "0" },
    says: ["healthCount: 0 is out of range", "→ give a whole number from 1 to 100"],
  },
  {
    what: "a duration without a unit",
    changes: { "ready-timeout": "10" },
    says: ['readyTimeout: "10" is not a duration', "→ write a number with a unit"],
  },
  {
    what: "a variable that has a meaning of its own",
    changes: { "tag-variable": "PATH" },
    says: ["tagVariable: PATH has a meaning of its own", "→"],
  },
  {
    what: "a project directory that is not there",
    changes: { "project-dir": "nowhere" },
    says: [
      "projectDir: there is no directory nowhere on the host (home: /home/deploy)",
      "→ create it on the host",
    ],
  },
  {
    what: "a directory without a Compose file",
    changes: { "project-dir": "empty" },
    says: ["projectDir: /home/deploy/empty has no Compose file", "→ put the Compose file there"],
  },
  {
    what: "a Compose file that is not there",
    changes: { "compose-files": "prod.yml" },
    says: ["composeFiles: /home/deploy/app has no prod.yml", "→ correct --compose-files"],
  },
  {
    what: "a file of variables that is not there",
    changes: { "env-file": "prod.env" },
    says: ["envFile: /home/deploy/app has no file prod.env", "→"],
  },
  {
    what: "a Compose file that Compose refuses",
    changes: { "project-dir": "invalid" },
    says: ["composeFiles: Compose refuses /home/deploy/invalid/compose.yml: ", "→ correct the file"],
  },
  {
    what: "a variable that is not set",
    changes: { "project-dir": "unset" },
    says: [
      "composeFiles: /home/deploy/unset/compose.yml needs the variable DATABASE_URL, which is not set",
      "→ set it in /home/deploy/unset/.env",
    ],
  },
  {
    what: "a service that is not in the file",
    changes: { services: "wbe" },
    says: ['services[0]: the Compose file has no service "wbe"', "→ it has redis, web"],
  },
  {
    what: "a service of another image",
    changes: { services: "redis" },
    says: ["services[0]: the service redis runs redis:7-alpine, not registry:5000/app", "→"],
  },
  {
    what: "a Compose file without the repository",
    changes: { "project-dir": "nobody" },
    says: ["repository: no service of the Compose file runs registry:5000/app", "(found db: postgres:17)"],
  },
  {
    what: "build: without image:",
    changes: { "project-dir": "building" },
    says: [
      "repository: no service of the Compose file runs registry:5000/app",
      "→ write image: registry:5000/app:${IMAGE_TAG}",
    ],
  },
  {
    what: "a UDP port",
    changes: { "project-dir": "udp" },
    says: ["services.web: its port 3000 is udp", "→ only HTTP services"],
  },
  {
    what: "a worker without ports",
    changes: { "project-dir": "worker" },
    says: ["services.web: it publishes no port", "→ only HTTP services"],
  },
  {
    what: "data in a volume with one replica",
    changes: { "project-dir": "volume" },
    says: ["services.web: it keeps data in the volume data with one replica", "→ only HTTP services"],
  },
  {
    what: "stop-first",
    changes: { "project-dir": "stop-first" },
    says: ["services.web: it asks for update_config.order: stop-first", "→ only HTTP services"],
  },
  {
    what: "the host's network",
    changes: { "project-dir": "host-network" },
    says: ["services.web: it uses network_mode: host", "→ only HTTP services"],
  },
  {
    what: "a port that another container holds",
    changes: { "project-dir": "taken" },
    says: ["services.web.ports: the port 8080 is held by the container app-seamless-proxy", "→ stop it"],
  },
  {
    what: "a port that a process holds",
    changes: { "project-dir": "process" },
    says: [
      "services.web.ports: the port 22 is held by a process on the host that is no container",
      "→ stop it",
    ],
  },
]

/** A row of the table whose values that only the lab knows have been filled in. */
const filled = (changes: BadInput["changes"]) =>
  Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, value?.replace("KEYS", lab.keysDir)]),
  )

describe("deploy refuses, and changes nothing:", () => {
  it.each(refused)("$what", async ({ changes, says }) => {
    const before = await snapshot()
    const { code, error } = await daggerCall(["deploy", ...options(filled(changes))])
    expect(code).toBe(1)
    for (const part of says) expect(error).toContain(part)
    expect(error).toMatch(/\n {2}→ /)
    expect(await snapshot()).toBe(before)
  })
})

describe("other functions refuse:", () => {
  it.each<[what: string, args: () => string[], says: string[]]>([
    [
      "a source without a Dockerfile",
      () => ["publish", ...registryAccess(lab), "--source=docs"],
      ["dockerfile: the source has no file Dockerfile", "→ give its path within --source"],
    ],
    [
      "a commit that is none",
      () => ["publish", ...registryAccess(lab), ...build("1"), "--commit=main"],
      ['commit: "main" is not a commit id', "→"],
    ],
    [
      "a tag that is none",
      () => ["publish", ...registryAccess(lab), ...build("1"), "--tags=a b"],
      ['tags[0]: "a b" is not a tag', "→"],
    ],
    [
      "a secret without an id",
      () => ["build", "--source=examples/app", "--build-secrets=env:HOME", "sync"],
      ["buildSecretIds: 1 secrets, but 0 ids", "→ give one id"],
    ],
    [
      "a build argument without a value",
      () => ["build", "--source=examples/app", "--build-args=VERSION", "sync"],
      ['buildArgs[0]: "VERSION" is no build argument', "→ write NAME=value"],
    ],
    [
      "a release that is not there",
      () => ["rollback", ...hostAccess(lab), "--project-dir=app", "--release=77"],
      ["release: there is no deployed release 77", "→ releases on this host: 1 (1.0.0)"],
    ],
    [
      "a rollback without an earlier release",
      () => ["rollback", ...hostAccess(lab), "--project-dir=app"],
      ["release: there is no earlier release to go back to", "→ releases on this host: 1 (1.0.0)"],
    ],
    [
      "more log lines than anybody reads",
      () => ["logs", ...hostAccess(lab), "--project-dir=app", "--lines=100000"],
      ["lines: 100000 is out of range", "→"],
    ],
  ])("%s", async (_, args, says) => {
    const before = await snapshot()
    const { code, error } = await daggerCall(args())
    expect(code).toBe(1)
    for (const part of says) expect(error).toContain(part)
    expect(await snapshot()).toBe(before)
  })
})

describe("an old Compose and a registry with a login", () => {
  it("says that Compose is too old", async () => {
    await lab.stop()
    lab = await startLab({ oldCompose: true })
    const before = await snapshot()
    const published = await daggerCall(["publish", ...registryAccess(lab), ...build("1.0.0"), "--tags=1.0.0"])
    expect(published.code, published.stderr).toBe(0)
    const { code, error } = await daggerCall(["deploy", ...options({})])
    expect(code).toBe(1)
    expect(error).toMatch(
      /host: its Compose v?2\.23\.3 is too old\n {2}→ install Compose 2\.24 or newer on the host/,
    )
    expect(await snapshot()).toBe(before)
  })

  it("refuses wrong credentials, and deploys with the right ones without leaving them behind", async () => {
    await lab.stop()
    lab = await startLab({ registryAuth: true })
    const login = (password: string) => ["--registry-user=ci", `--registry-token=cmd:echo -n ${password}`]
    const before = await snapshot()
    const wrong = await daggerCall([
      "deploy",
      ...labAccess(lab),
      ...build("1.0.0"),
      "--tags=1.0.0",
      ...login("wrong"),
    ])
    expect(wrong.code).toBe(1)
    expect(wrong.error).toMatch(
      /registryToken: the registry refuses the push to registry:5000\/app\n {2}→ check --registry-user/,
    )
    expect(await snapshot()).toBe(before)

    const right = await daggerCall([
      "deploy",
      ...labAccess(lab),
      ...build("1.0.0"),
      "--tags=1.0.0",
      ...login("seamless"),
    ])
    expect(right.code, right.stderr).toBe(0)
    const secrets = [btoa("ci:seamless"), '"auth"']
    const left = await lab.exec(
      `grep -rl ${secrets.map((secret) => `-e '${secret}'`).join(" ")} /home/deploy /tmp /root; ls -a /home/deploy`,
      { as: "root" },
    )
    expect(left.stdout).not.toMatch(/config\.json|\.docker|runs/)
    const images = await lab.exec(
      "docker history --no-trunc $(docker images -q registry:5000/app | head -n 1)",
    )
    for (const secret of secrets) {
      expect(right.stdout + right.stderr).not.toContain(secret)
      expect(images.stdout).not.toContain(secret)
    }
  })
})
