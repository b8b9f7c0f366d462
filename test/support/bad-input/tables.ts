import type { WrongInputs } from "./wrong-input.ts"

/** A service of the example's repository with more lines of its own. */
const web = (...lines: string[]) =>
  ["services:", "  web:", "    image: registry:5000/app:${IMAGE_TAG}", ...lines, ""].join("\n")

/** Found in the options themselves: nobody is asked. */
const options: WrongInputs = {
  title: "The options alone",
  cases: [
    {
      wrong: "host without a user",
      options: { host: "host.test" },
      error: 'host: "host.test" has no user\n  → write user@name or user@name:port',
    },
    {
      wrong: "port 0",
      options: { host: "deploy@host.test:0" },
      error: 'host: "deploy@host.test:0" has the bad port "0"\n  → a port is a number from 1 to 65535',
    },
    {
      wrong: "port 65536",
      options: { host: "deploy@host.test:65536" },
      error:
        'host: "deploy@host.test:65536" has the bad port "65536"\n  → a port is a number from 1 to 65535',
    },
    {
      wrong: "port in letters",
      options: { host: "deploy@host.test:abc" },
      error: 'host: "deploy@host.test:abc" has the bad port "abc"\n  → a port is a number from 1 to 65535',
    },
    {
      wrong: "option for ssh in place of a user",
      options: { host: "-oProxyCommand=id@host.test" },
      error:
        'host: "-oProxyCommand=id@host.test" has the malformed user "-oProxyCommand=id"\n  → write user@name or user@name:port',
    },
    {
      wrong: "option for ssh in place of a name",
      options: { host: "deploy@-oProxyCommand=id" },
      error:
        'host: "deploy@-oProxyCommand=id" has a name that begins with a dash\n  → write user@name or user@name:port',
    },
    {
      wrong: "host with spaces",
      options: { host: "deploy@host test" },
      error:
        'host: "deploy@host test" has the malformed name "host test"\n  → write user@name or user@name:port',
    },
    {
      wrong: "empty known_hosts",
      options: { "known-hosts": "{files}/empty" },
      error:
        "knownHosts: has no host key\n  → get it with: ssh-keyscan -p 2222 host.test  (and compare the fingerprint)",
    },
    {
      wrong: "known_hosts without the host",
      options: { host: "deploy@other.test:2222" },
      error:
        "knownHosts: has no entry for [other.test]:2222\n  → get it with: ssh-keyscan -p 2222 other.test  (and compare the fingerprint)",
    },
    {
      wrong: "neither key nor agent",
      options: { "ssh-key": null },
      error:
        "sshKey: there is neither a key nor an agent\n  → give --ssh-key file:PATH or env:NAME, or --ssh-agent with the agent's socket",
    },
    {
      wrong: "public key instead of the private one",
      options: { "ssh-key": "file:{keys}/id_ed25519.pub" },
      error: "sshKey: is a public key\n  → give the private one: the file without .pub",
    },
    {
      wrong: "invalid repository",
      options: { repository: "registry:5000/App" },
      error:
        'repository: "registry:5000/App" has upper-case letters in its path\n  → write the path in lower case',
    },
    {
      wrong: "repository as a URL",
      options: { repository: "https://ghcr.io/acme/web" },
      error: 'repository: "https://ghcr.io/acme/web" is a URL\n  → leave out the scheme: ghcr.io/acme/web',
    },
    {
      wrong: "repository with a tag",
      options: { repository: "registry:5000/app:1.0.0" },
      error:
        'repository: "registry:5000/app:1.0.0" carries the tag "1.0.0"\n  → give the repository alone; tags are separate',
    },
    {
      wrong: "token without a user",
      options: { "registry-token": "file:{files}/password" },
      error: "registryUser: there is a token without a user\n  → give --registry-user",
    },
    {
      wrong: "user without a token",
      options: { "registry-user": "ci" },
      error: "registryToken: there is a user without a token\n  → give --registry-token env:NAME",
    },
    {
      wrong: "neither source nor image",
      call: "deploy",
      options: { image: null },
      error: "source: there is nothing to deploy\n  → give either --source or --image",
    },
    {
      wrong: "both source and image",
      call: "deploy",
      options: { source: "examples/app" },
      error: "source: there are both a source and an image\n  → give either --source or --image",
    },
    {
      wrong: "bad tag",
      options: { image: null, source: "examples/app", tags: "1.0 beta" },
      error:
        'tags[0]: "1.0 beta" is not an image tag\n  → a tag is 1 to 128 of A-Z a-z 0-9 . _ - and starts with none of . and -',
    },
    {
      wrong: "tag that a shell would run",
      call: "deploy",
      options: { image: null, source: "examples/app", tags: "$(touch x)" },
      error:
        'tags[0]: "$(touch x)" is not an image tag\n  → a tag is 1 to 128 of A-Z a-z 0-9 . _ - and starts with none of . and -',
    },
    {
      wrong: "commit that is no hex number",
      options: { image: null, source: "examples/app", commit: "main" },
      error: 'commit: "main" is not a commit id\n  → give 7 to 64 hex digits, as git rev-parse HEAD',
    },
    {
      wrong: "tag rule without its pattern",
      options: {
        image: null,
        source: "examples/app",
        "tag-rules": "type=sha\ntype=semver",
        commit: "0123abc",
      },
      error:
        "tagRules[1]: type=semver has no pattern\n  → add pattern=…, as in type=semver,pattern={{version}}",
    },
    {
      wrong: "tag rules none of which is about this build",
      call: "deploy",
      options: { image: null, source: "examples/app", "tag-rules": "type=ref,event=tag", branch: "main" },
      error:
        "tagRules: none of the rules gives a tag for this build\n  → say more about the build (--branch, --git-tag, --pull-request, --scheduled), or add type=sha",
    },
    {
      wrong: "tag flavor without rules",
      options: { image: null, source: "examples/app", "tag-flavor": "latest=true" },
      error: "tagFlavor: there is a flavor without rules\n  → give --tag-rules too",
    },
    {
      wrong: "pull request together with a git tag",
      options: { image: null, source: "examples/app", "pull-request": "7", "git-tag": "v1.0.0" },
      error: "pullRequest: it is given together with a git tag\n  → a build has one of the two",
    },
    {
      wrong: "repository named twice",
      options: { also: "docker.io/acme/web,registry:5000/app" },
      error: "also[1]: registry:5000/app is named twice\n  → name each repository once",
    },
    {
      wrong: "Docker configuration that is none",
      options: { "registry-config": "file:{files}/password" },
      error:
        "registryConfig: it is not JSON\n  → give a file such as docker login writes, ~/.docker/config.json",
    },
    {
      wrong: "patience without a unit",
      call: "publish",
      options: { "push-patience": "120" },
      error:
        'pushPatience: "120" is not a duration\n  → write a number with a unit, such as "10s", "1m30s" or "500ms"',
    },
    {
      wrong: "label without a value, as the rest of one with a comma is",
      call: "publish",
      options: { labels: "team=shop, cart" },
      error:
        'labels[1]: " cart" is not NAME=value\n  → write it so; on a command line a value with a comma needs quotes of its own: \'"NAME=a, b"\'',
    },
    {
      wrong: "address of the source that is none",
      call: "publish",
      options: { "source-url": "github.com/acme/web" },
      error: 'sourceUrl: "github.com/acme/web" is not an address\n  → give it as https://github.com/acme/web',
    },
    {
      wrong: "severity that there is not",
      call: "publish",
      options: { "scan-threshold": "severe" },
      error: 'scanThreshold: "severe" is not a severity\n  → use negligible, low, medium, high, critical',
    },
    {
      wrong: "password of a signing key without the key",
      call: "publish",
      options: { "sign-password": "file:{files}/password" },
      error: "signKey: there is no key to sign with\n  → give --sign-key file:cosign.key",
    },
    {
      wrong: "scan of an image that is not built",
      call: "deploy",
      options: { "scan-threshold": "high" },
      error:
        "scanThreshold: it is for an image that is built, and --image names one that is there already\n  → leave it out; the functions scan and sign take an image of the registry",
    },
    {
      wrong: "image without a version",
      options: { image: "registry:5000/app" },
      error:
        "image: registry:5000/app has neither a tag nor a digest\n  → say which version: nothing is deployed as latest by accident",
    },
    {
      wrong: "image of another repository",
      options: { image: "registry:5000/other:1.0.0" },
      error:
        "image: registry:5000/other:1.0.0 is not in the repository registry:5000/app\n  → give the image's own repository with --repository",
    },
    {
      wrong: "health path without a slash",
      options: { "health-path": "health" },
      error:
        'healthPath: "health" is not the path of a URL\n  → begin it with a slash, as /health, without spaces',
    },
    {
      wrong: "health port out of range",
      options: { "health-port": "70000" },
      error: "healthPort: 70000 is out of range\n  → give a whole number from 1 to 65535",
    },
    {
      wrong: "status out of range",
      options: { "health-status": "99" },
      error: "healthStatus: 99 is out of range\n  → give a whole number from 100 to 599",
    },
    {
      wrong: "count 0",
      options: { "health-count": "0" },
      error: "healthCount: 0 is out of range\n  → give a whole number from 1 to 100",
    },
    {
      wrong: "duration without a unit",
      options: { "ready-timeout": "10" },
      error:
        'readyTimeout: "10" is not a duration\n  → write a number with a unit, such as "10s", "1m30s" or "500ms"',
    },
    {
      wrong: "deadline that nothing can meet",
      options: { "drain-timeout": "10ms" },
      error: "drainTimeout: 10ms is too short to wait for anything\n  → give at least 1s",
    },
    {
      wrong: "tag variable with a meaning of its own",
      options: { "tag-variable": "PATH" },
      error:
        "tagVariable: PATH has a meaning of its own\n  → name the variable that stands for the tag in the Compose file, as IMAGE_TAG",
    },
    {
      wrong: "migration that is empty",
      options: { migrate: "" },
      error:
        'migrate: "" is not a command on one line\n  → put more than that into a script in the image, and name the script',
    },
    {
      wrong: "release to keep: none",
      options: { keep: "0" },
      error: "keep: 0 is out of range\n  → give a whole number from 1 to 1000",
    },
    {
      wrong: "wait for the lock without a unit",
      call: "deploy",
      options: { "wait-lock": "30" },
      error:
        'waitLock: "30" is not a duration\n  → write a number with a unit, such as "10s", "1m30s" or "500ms"',
    },
    {
      wrong: "lock without a reason",
      call: "lock",
      options: { reason: " " },
      error: "reason: it is empty\n  → say why nobody may deploy",
    },
    {
      wrong: "more than 10000 log lines",
      call: "logs",
      options: { lines: "10001" },
      error: "lines: 10001 is out of range\n  → give a whole number from 1 to 10000",
    },
    {
      wrong: "option for Docker in place of a service's name",
      call: "logs",
      options: { services: "--follow" },
      error:
        'services[0]: "--follow" cannot be used\n  → give it without white space, and not beginning with a dash',
    },
  ],
}

/** Found by building, or at the registry. */
const image: WrongInputs = {
  title: "The image and its registry",
  cases: [
    {
      wrong: "missing Dockerfile",
      call: "publish",
      options: { dockerfile: "Containerfile" },
      error: "dockerfile: the source has no file Containerfile\n  → give its path within --source",
    },
    {
      wrong: "Dockerfile with an unknown instruction",
      call: "publish",
      options: { source: "{files}/misspelt" },
      error:
        "dockerfile: Dockerfile cannot be built: …unknown instruction: FORM…\n  → correct it; what it copies must be within --source and not in .dockerignore",
    },
    {
      wrong: "Dockerfile that copies what is not there",
      call: "publish",
      options: { source: "{files}/copies" },
      error:
        "dockerfile: Dockerfile cannot be built: …/missing.js: no such file or directory\n  → correct it; what it copies must be within --source and not in .dockerignore",
    },
    {
      wrong: "Dockerfile with a command that fails",
      call: "deploy",
      options: { source: "{files}/failing", image: null },
      error: `dockerfile: a command of Dockerfile failed with exit code 2: "echo compiling && echo \\"main.ts:3: type error\\" >&2 && exit 2"
  last log lines:
    | compiling
    | main.ts:3: type error
  → correct it, or what it builds; nothing was pushed or changed`,
    },
    {
      wrong: "stage that the Dockerfile does not have",
      call: "publish",
      options: { target: "production" },
      error:
        'dockerfile: Dockerfile cannot be built: target stage "production" could not be found\n  → correct it; what it copies must be within --source and not in .dockerignore',
    },
    {
      wrong: "platform that does not exist",
      call: "publish",
      options: { platforms: "linux/nonsense" },
      error:
        'platforms[0]: "linux/nonsense" is not a platform\n  → write linux/amd64, linux/arm64 or another that Docker has',
    },
    {
      wrong: "build argument without a value",
      call: "publish",
      options: { "build-args": "VERSION" },
      error: 'buildArgs[0]: "VERSION" is no build argument\n  → write NAME=value',
    },
    {
      wrong: "build secret without its id",
      call: "publish",
      options: { "build-secrets": "file:{files}/password" },
      error: "buildSecretIds: 1 secrets, but 0 ids\n  → give one id for each secret, in the same order",
    },
    {
      wrong: "build cache with a tag",
      call: "publish",
      options: { "cache-to": "registry:5000/cache:latest" },
      error:
        'cacheTo: "registry:5000/cache:latest" carries the tag "latest"\n  → give the repository alone; tags are separate',
    },
    {
      wrong: "stage that is excluded from the build cache and not there",
      call: "publish",
      options: { "cache-exclude": "bulid" },
      error: 'cacheExclude[0]: the Dockerfile has no stage "bulid"\n  → name one as it stands behind AS',
    },
    {
      wrong: "image tag that is not in the registry",
      call: "deploy",
      options: { image: "9.9.9" },
      error: "image: registry:5000/app:9.9.9 cannot be found: …\n  → check the name and the tag",
    },
    {
      wrong: "registry whose name cannot be resolved",
      options: { repository: "registry.invalid/app", "registry-service": null },
      error:
        "repository: the registry of registry.invalid/app:1.0.0 does not answer: …\n  → check the registry's name, and that the engine can reach it",
    },
    {
      wrong: "registry that refuses the connection",
      call: "publish",
      options: { repository: "127.0.0.1:1/app", "registry-service": null },
      error:
        "repository: the push to 127.0.0.1:1/app failed: …\n  → check the registry's name, and that the engine can reach it",
    },
  ],
}

/** Found on the way to the host. */
const way: WrongInputs = {
  title: "The way to the host",
  cases: [
    {
      wrong: "name that cannot be resolved",
      options: { host: "deploy@nowhere.invalid", "ssh-service": null, "known-hosts": "{files}/any_host" },
      error:
        "host: SSH to deploy@nowhere.invalid failed: its name cannot be resolved (…)\n  → aliases of ~/.ssh/config and names in /etc/hosts are not seen by the engine: use a DNS name or an address",
    },
    {
      wrong: "port on which nothing listens",
      options: { host: "deploy@127.0.0.1:1", "ssh-service": null, "known-hosts": "{files}/any_host" },
      error:
        "host: SSH to deploy@127.0.0.1:1 failed: nothing listens on its SSH port (…)\n  → check the port (user@name:port) and that sshd runs",
    },
    {
      wrong: "changed host key",
      call: "deploy",
      options: { "known-hosts": "{keys}/known_hosts_changed" },
      error:
        "knownHosts: SSH to deploy@host.test:2222 failed: the host's key is not the one in known_hosts (…)\n  → if the host was set up anew, read its key there (ssh-keyscan, compared over another way) and replace the line; else somebody is in between",
    },
    {
      wrong: "key that the host does not know",
      call: "deploy",
      options: { "ssh-key": "file:{keys}/wrong_key" },
      error:
        "sshKey: SSH to deploy@host.test:2222 failed: the host accepts none of the keys (…)\n  → add the public key to ~/.ssh/authorized_keys of that user on the host",
    },
    {
      wrong: "user who is not in the group docker",
      call: "deploy",
      options: { host: "visitor@host.test:2222" },
      error:
        "host: Docker does not answer there: permission denied…\n  → add the SSH user to the group docker on the host, then log in anew",
    },
  ],
}

const unsupported =
  "only HTTP services with published TCP ports and no data of their own can be replaced so far; leave it out with --services"

/** Found in the project on the host. */
const project: WrongInputs = {
  title: "The project on the host",
  cases: [
    {
      wrong: "project directory that is not there",
      options: { "project-dir": "nowhere" },
      error:
        "projectDir: there is no directory nowhere on the host (home: /home/deploy)\n  → create it on the host with the Compose file in it, or name another one with --project-dir",
    },
    {
      wrong: "project directory of somebody else",
      project: { name: "roots", compose: web('    ports: ["8090:3000"]'), prepare: "chown root ." },
      options: {},
      error:
        "projectDir: the SSH user may not write to /home/deploy/roots\n  → give the directory to that user",
    },
    {
      wrong: "directory without a Compose file",
      project: { name: "empty" },
      options: {},
      error:
        "projectDir: /home/deploy/empty has no Compose file\n  → put the Compose file there, or name its files with --compose-files",
    },
    {
      wrong: "Compose file that is not there",
      options: { "compose-files": "compose.prod.yml" },
      error:
        "composeFiles: /home/deploy/app has no compose.prod.yml\n  → correct --compose-files, or COMPOSE_FILE in the project's .env",
    },
    {
      wrong: "env file that is not there",
      options: { "env-file": "prod.env" },
      error:
        "envFile: /home/deploy/app has no file prod.env\n  → give its path relative to the project directory",
    },
    {
      wrong: "Compose file that is no YAML",
      call: "deploy",
      project: { name: "no-yaml", compose: "services:\n  web: [\n" },
      options: {},
      error:
        "composeFiles: Compose refuses /home/deploy/no-yaml/compose.yml: …\n  → correct the file on the host",
    },
    {
      wrong: "Compose file with an unknown key",
      project: { name: "unknown-key", compose: web('    port: ["8090:3000"]') },
      options: {},
      error:
        "composeFiles: Compose refuses /home/deploy/unknown-key/compose.yml: …port…\n  → correct the file on the host",
    },
    {
      wrong: "variable that is not set",
      call: "deploy",
      project: {
        name: "unset",
        compose: web('    ports: ["8090:3000"]', "    environment:", "      URL: ${DATABASE_URL}"),
      },
      options: {},
      error:
        "composeFiles: /home/deploy/unset/compose.yml needs the variable DATABASE_URL, which is not set\n  → set it in /home/deploy/unset/.env, or give it a default in the file: ${DATABASE_URL:-value}",
    },
    {
      wrong: "service that is not in the file",
      call: "deploy",
      options: { services: "wbe" },
      error: 'services[0]: the Compose file has no service "wbe"\n  → it has redis, web',
    },
    {
      wrong: "service of another image",
      call: "deploy",
      options: { services: "redis" },
      error:
        "services[0]: the service redis runs redis:7-alpine, not registry:5000/app\n  → correct --services or --repository",
    },
    {
      wrong: "no service of the repository",
      project: { name: "others", compose: "services:\n  db:\n    image: redis:7-alpine\n" },
      options: {},
      error:
        "repository: no service of the Compose file runs registry:5000/app\n  → write image: registry:5000/app:${IMAGE_TAG} for the service (found db: redis:7-alpine)",
    },
    {
      wrong: "`build:` without `image:`",
      project: { name: "built", compose: 'services:\n  web:\n    build: .\n    ports: ["8090:3000"]\n' },
      options: {},
      error:
        "repository: no service of the Compose file runs registry:5000/app\n  → write image: registry:5000/app:${IMAGE_TAG} for the service (found web: build: without image:)",
    },
    {
      wrong: "UDP port",
      project: { name: "udp", compose: web('    ports: ["8090:3000/udp"]') },
      options: {},
      error: `services.web: its port 3000 is udp\n  → ${unsupported}`,
    },
    {
      wrong: "no port at all",
      project: { name: "worker", compose: web() },
      options: {},
      error: `services.web: it publishes no port\n  → ${unsupported}`,
    },
    {
      wrong: "named volume with one replica",
      project: {
        name: "volume",
        compose: web('    ports: ["8090:3000"]', '    volumes: ["data:/data"]', "volumes:", "  data:"),
      },
      options: {},
      error: `services.web: it keeps data in the volume data with one replica\n  → ${unsupported}`,
    },
    {
      wrong: "`order: stop-first`",
      project: {
        name: "stop-first",
        compose: web('    ports: ["8090:3000"]', "    deploy: { update_config: { order: stop-first } }"),
      },
      options: {},
      error: `services.web: it asks for update_config.order: stop-first\n  → ${unsupported}`,
    },
    {
      wrong: "setting of `x-seamless` that does not exist",
      project: {
        name: "unknown-setting",
        compose: `x-seamless: { migrates: rake }\n${web('    ports: ["8090:3000"]')}`,
      },
      options: {},
      error: "x-seamless.migrates: there is no such setting\n  → it has migrate",
    },
    {
      wrong: "`x-seamless` in a service",
      project: {
        name: "misplaced-setting",
        compose: web('    ports: ["8090:3000"]', "    x-seamless: { migrate: rake }"),
      },
      options: {},
      error:
        "x-seamless: in compose.yml it is part of something else\n  → move it to the top level of the file, beside services",
    },
    {
      wrong: "follow where nothing was deployed",
      call: "follow",
      project: { name: "not-deployed", compose: web('    ports: ["8090:3000"]') },
      options: {},
      error: "projectDir: nothing was deployed by Seamless in not-deployed\n  → deploy first",
    },
    {
      wrong: "`network_mode: host`",
      project: { name: "host-network", compose: web("    network_mode: host") },
      options: {},
      error: `services.web: it uses network_mode: host\n  → ${unsupported}`,
    },
    {
      wrong: "port held by another container",
      call: "deploy",
      project: {
        name: "taken",
        compose: web('    ports: ["8091:3000"]'),
        prepare: "docker run -d --name neighbour --publish 8091:6379 redis:7-alpine",
      },
      options: {},
      error:
        "services.web.ports: the port 8091 is held by the container neighbour\n  → stop it, or publish another port",
    },
    {
      wrong: "port held by a process",
      call: "deploy",
      project: { name: "process", compose: web('    ports: ["22:3000"]') },
      options: {},
      error:
        "services.web.ports: the port 22 is held by a process on the host that is no container\n  → stop it, or publish another port",
    },
    {
      wrong: "port still held by the app's own container",
      call: "deploy",
      project: {
        name: "own",
        compose: web('    ports: ["8092:3000"]'),
        prepare: "IMAGE_TAG=1.0.0 docker compose up -d",
      },
      options: {},
      error:
        "services: web holds its published ports itself, and a port has one owner\n  → allow it once with --allow-gap: the old version is stopped before the proxy takes its ports; later deploys have no gap",
    },
    {
      wrong: "rollback to a release that does not exist",
      call: "rollback",
      options: { release: "77" },
      error: "release: there is no deployed release 77\n  → releases on this host: 1 (1.0.0)",
    },
    {
      wrong: "rollback without an earlier release",
      call: "rollback",
      options: {},
      error: "release: there is no earlier release to go back to\n  → releases on this host: 1 (1.0.0)",
    },
    {
      wrong: "status of a project that is not there",
      call: "status",
      options: { "project-dir": "nowhere" },
      error:
        "projectDir: there is no directory nowhere on the host (home: /home/deploy)\n  → create it on the host with the Compose file in it, or name another one with --project-dir",
    },
    {
      wrong: "logs of a project that is not there",
      call: "logs",
      options: { "project-dir": "nowhere" },
      error:
        "projectDir: there is no directory nowhere on the host (home: /home/deploy)\n  → create it on the host with the Compose file in it, or name another one with --project-dir",
    },
    {
      wrong: "logs of a service that is not in the file",
      call: "logs",
      options: { services: "wbe" },
      error: "services: …wbe\n  → name services of the Compose file",
    },
  ],
}

/** A host with Compose 2.23 and a registry that wants a login. */
const otherLab: WrongInputs = {
  title: "An old Compose, a registry with a login",
  cases: [
    {
      wrong: "no login, for an image that the registry shows only with one",
      options: {},
      error:
        "registryToken: the registry refuses to show registry:5000/app:1.0.0\n  → check --registry-user and --registry-token",
    },
    {
      wrong: "wrong password at the push",
      call: "publish",
      options: { "registry-user": "ci", "registry-token": "file:{files}/password" },
      error:
        "registryToken: the registry refuses the push to registry:5000/app\n  → check --registry-user and --registry-token, and that the user may write there",
    },
    {
      wrong: "Compose before 2.24.4",
      call: "deploy",
      options: { source: "examples/app", image: null },
      error: "host: its Compose 2.23.3 is too old\n  → install Compose 2.24.4 or newer on the host",
    },
  ],
}

/** Every wrong input, by the lab that it needs. */
export const onGoodHost: readonly WrongInputs[] = [options, image, way, project]
export const onOldHost: readonly WrongInputs[] = [otherLab]
