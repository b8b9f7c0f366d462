/**
 * Seamless: deploys to Docker Compose hosts without losing a request
 *
 * Builds an image once, proves it in a container, pushes every tag from that one build, and replaces the running version
 * on a Compose host over SSH. When anything goes wrong the old version, which was never stopped, goes on serving.
 */
import {
  type Container,
  type Directory,
  type File,
  func,
  object,
  type Secret,
  type Service,
  type Socket,
} from "@dagger.io/dagger"
import { connect, registry } from "./access.ts"
import { buildImage, checkBuild } from "./build.ts"
import { parseSignable } from "./core/gate-options.ts"
import { lockReason } from "./core/lock.ts"
import { parseInteger, parsePath } from "./core/options.ts"
import { checkPlace } from "./core/preflight.ts"
import { renderJson, renderText } from "./core/report.ts"
import { renderMarkdown } from "./core/report-markdown.ts"
import { renderHistory, renderStatus } from "./core/status.ts"
import {
  attach,
  defaultProjectDir,
  deploy,
  type ImageSource,
  type PlannedSource,
  planDeploy,
  rollback,
  smoke,
} from "./deploy.ts"
import { destinations } from "./destinations.ts"
import { listContents } from "./gates/sbom.ts"
import { scanImage } from "./gates/scan.ts"
import { signImage } from "./gates/sign.ts"
import { makeImage } from "./image.ts"
import { lockProject, readLogs, unlockProject } from "./project.ts"
import { prove } from "./prove.ts"
import { pruneCache } from "./prune-cache.ts"
import { publish } from "./publication.ts"
import { readHost } from "./rollout.ts"

/** Forms of the report that a deploy or rollback ends with. */
export enum ReportFormat {
  /** For people: the steps with their times, the requests counted, the digest. */
  Text = "TEXT",
  /** For programs. */
  Json = "JSON",
  /** For a job summary. */
  Markdown = "MARKDOWN",
}

const renderers = {
  [ReportFormat.Text]: renderText,
  [ReportFormat.Json]: renderJson,
  [ReportFormat.Markdown]: renderMarkdown,
}

/** Deploys to Docker Compose hosts without losing a request. */
@object()
export class Seamless {
  /**
   * Builds the image from a Dockerfile, and returns the container of its first platform.
   *
   * @param source Directory with the Dockerfile: the build context. Its .dockerignore is honoured.
   * @param dockerfile Path of the Dockerfile within the source.
   * @param target Stage of the Dockerfile to build. Default: the last one.
   * @param platforms Platforms, such as linux/amd64,linux/arm64: one image index. Default: the engine's own.
   * @param buildArgs Build arguments, as NAME=value.
   * @param buildSecrets Secrets for RUN --mount=type=secret.
   * @param buildSecretIds The ids by which the Dockerfile mounts the build secrets, in the same order.
   * @param noCache Build everything anew: nothing is taken from the build cache, and nothing put there.
   * @param cacheFrom Repository that the build cache is read from, such as ghcr.io/acme/web-cache. Default: none.
   * @param cacheTo Repository that the build cache is written to. Default: none.
   * @param cacheExclude Stages of the Dockerfile that are always built anew, by name, and with them what is built on them.
   * @param registryUser User at the registry of the build cache.
   * @param registryToken Password or token at the registry of the build cache.
   * @param registryService Service that stands for the registry of the build cache.
   */
  @func({ cache: "never" })
  async build(
    source: Directory,
    dockerfile = "Dockerfile",
    target?: string,
    platforms: string[] = [],
    buildArgs: string[] = [],
    buildSecrets: Secret[] = [],
    buildSecretIds: string[] = [],
    noCache = false,
    cacheFrom?: string,
    cacheTo?: string,
    cacheExclude: string[] = [],
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
  ): Promise<Container> {
    const [image] = await makeImage(
      {
        source,
        dockerfile,
        target,
        platforms,
        args: buildArgs,
        secrets: buildSecrets,
        secretIds: buildSecretIds,
      },
      { noCache, cacheFrom, cacheTo, cacheExclude },
      { user: registryUser, token: registryToken, service: registryService },
    )
    return image
  }

  /**
   * Builds the image, starts it with its own entrypoint, and asks its health path.
   * Fails with what it answered, or with the last lines that it printed.
   *
   * @param source Directory with the Dockerfile: the build context. Its .dockerignore is honoured.
   * @param dockerfile Path of the Dockerfile within the source.
   * @param target Stage of the Dockerfile to build. Default: the last one.
   * @param platforms Platforms, such as linux/amd64,linux/arm64: one image index. Default: the engine's own.
   * @param buildArgs Build arguments, as NAME=value.
   * @param buildSecrets Secrets for RUN --mount=type=secret.
   * @param buildSecretIds The ids by which the Dockerfile mounts the build secrets, in the same order.
   * @param smokeEnv Variables for the smoke test's container, as NAME=value.
   * @param smokeTimeout How long the image has to become healthy in the smoke test.
   * @param healthPath Path that tells whether the app is healthy.
   * @param healthPort Port of the health path in the container. Default: the lowest exposed port in the smoke test, the first published one on the host.
   * @param healthStatus HTTP status of a healthy answer.
   * @param healthCount Healthy answers in a row that make a version ready.
   */
  @func({ cache: "never" })
  async smokeTest(
    source: Directory,
    dockerfile = "Dockerfile",
    target?: string,
    platforms: string[] = [],
    buildArgs: string[] = [],
    buildSecrets: Secret[] = [],
    buildSecretIds: string[] = [],
    smokeEnv: string[] = [],
    smokeTimeout = "60s",
    healthPath = "/health",
    healthPort?: number,
    healthStatus = 200,
    healthCount = 3,
  ): Promise<string> {
    const images = await buildImage(
      await checkBuild({
        ...{ source, dockerfile, target, platforms },
        ...{ args: buildArgs, secrets: buildSecrets, secretIds: buildSecretIds },
      }),
    )
    const untested = await prove(
      images,
      smoke({ healthPath, healthPort, healthStatus, healthCount, smokeTimeout, smokeEnv }),
    )
    const lines = [
      `healthy: ${healthCount} answers ${healthStatus} in a row on ${healthPath}`,
      ...untested.map((note) => `! ${note}`),
    ]
    return `${lines.join("\n")}\n`
  }

  /**
   * Builds and smoke-tests the image, and pushes every tag from that one build.
   * Returns a line a tag and repository, each with the same digest, a line with ! for what you should know, and one with # for how
   * the image came about.
   *
   * @param source Directory with the Dockerfile: the build context. Its .dockerignore is honoured.
   * @param repository Repository of the image, such as ghcr.io/acme/web.
   * @param tags Tags of your own. Without any tag at all the source's content gives one, src-<12 digits>.
   * @param commit Commit id of the source: gives the tag sha-<12 digits>, and goes into the record.
   * @param branch Branch of the source: gives a tag of its name.
   * @param gitTag Git tag of the source: v1.4.2 gives the tags 1.4.2, 1.4, 1 and latest.
   * @param tagRules Rules for the tags, one a line, in the notation of docker/metadata-action, such as type=semver,pattern={{version}}: instead of the tags of commit, branch and git tag.
   * @param tagFlavor What holds for all rules, one setting a line: latest=auto, prefix=web-, suffix=-alpine,onlatest=true.
   * @param pullRequest Number of the pull request that is built: gives the tag pr-<number> in place of the branch.
   * @param baseBranch Branch that the pull request is to be merged into, for {{base_ref}} in rules.
   * @param defaultBranch Default branch of the source's repository, for rules that ask for it.
   * @param scheduled A schedule asked for this build, for rules with type=schedule.
   * @param time Time of the build for dates in rules, in seconds since 1970. Default: now.
   * @param dockerfile Path of the Dockerfile within the source.
   * @param target Stage of the Dockerfile to build. Default: the last one.
   * @param platforms Platforms, such as linux/amd64,linux/arm64: one image index. Default: the engine's own.
   * @param buildArgs Build arguments, as NAME=value.
   * @param buildSecrets Secrets for RUN --mount=type=secret.
   * @param buildSecretIds The ids by which the Dockerfile mounts the build secrets, in the same order.
   * @param smokeEnv Variables for the smoke test's container, as NAME=value.
   * @param smokeTimeout How long the image has to become healthy in the smoke test.
   * @param healthPath Path that tells whether the app is healthy.
   * @param healthPort Port of the health path in the container. Default: the lowest exposed port in the smoke test, the first published one on the host.
   * @param healthStatus HTTP status of a healthy answer.
   * @param healthCount Healthy answers in a row that make a version ready.
   * @param commitTime When the commit was made, in seconds since 1970 as git log -1 --format=%ct prints it.
   * @param registryUser User at the registry.
   * @param registryToken Password or token at the registry.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   * @param noCache Build everything anew: nothing is taken from the build cache, and nothing put there.
   * @param cacheFrom Repository that the build cache is read from, such as ghcr.io/acme/web-cache. Default: the image's own.
   * @param cacheTo Repository that the build cache is written to. Default: the image's own.
   * @param cacheExclude Stages of the Dockerfile that are always built anew, by name, and with them what is built on them.
   * @param also Further repositories that get the same image with the same tags, such as docker.io/acme/web.
   * @param registryConfig Docker configuration with the logins of several registries, such as file:~/.docker/config.json, instead of --registry-user and --registry-token. Default: your own Docker login.
   * @param pushPatience How long a push is tried again when the registry is overloaded or the connection breaks. 0 for not at all.
   * @param sourceUrl Address of the source's repository, for the labels org.opencontainers.image.source and url.
   * @param labels Labels of the image, as NAME=value; beside title, revision, created and version, which come from the other options.
   * @param annotations Annotations of the image's manifest, as NAME=value; beside the same ones.
   * @param scanThreshold Refuses to push an image with known vulnerabilities of this severity or worse: negligible, low, medium, high or critical. Default: no scan.
   * @param scanDatabase Vulnerability database of grype, instead of a download.
   * @param scanTool Image of grype. Default: a pinned version of its own.
   * @param signKey Private key of cosign, such as file:cosign.key: the pushed image is signed in each repository. Default: no signature.
   * @param signPassword Password of that key.
   * @param signTool Image of cosign. Default: a pinned version of its own.
   * @param transparencyLog Write the signature to the public log of Sigstore too, with the image's name and for good.
   */
  @func({ cache: "never" })
  async publish(
    source: Directory,
    repository: string,
    tags: string[] = [],
    commit = "",
    branch = "",
    gitTag = "",
    tagRules = "",
    tagFlavor = "",
    pullRequest?: number,
    baseBranch = "",
    defaultBranch = "",
    scheduled = false,
    time?: number,
    dockerfile = "Dockerfile",
    target?: string,
    platforms: string[] = [],
    buildArgs: string[] = [],
    buildSecrets: Secret[] = [],
    buildSecretIds: string[] = [],
    smokeEnv: string[] = [],
    smokeTimeout = "60s",
    healthPath = "/health",
    healthPort?: number,
    healthStatus = 200,
    healthCount = 3,
    commitTime?: number,
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
    also: string[] = [],
    registryConfig?: Secret,
    pushPatience = "2m",
    sourceUrl = "",
    labels: string[] = [],
    annotations: string[] = [],
    scanThreshold?: string,
    scanDatabase?: File,
    scanTool?: Container,
    signKey?: Secret,
    signPassword?: Secret,
    signTool?: Container,
    transparencyLog = false,
    noCache = false,
    cacheFrom?: string,
    cacheTo?: string,
    cacheExclude: string[] = [],
  ): Promise<string> {
    const to = await destinations({
      ...{ repository, also, user: registryUser, token: registryToken },
      ...{ config: registryConfig, service: registryService },
    })
    const from = {
      build: {
        ...{ source, dockerfile, target, platforms },
        ...{ args: buildArgs, secrets: buildSecrets, secretIds: buildSecretIds },
      },
      test: smoke({ healthPath, healthPort, healthStatus, healthCount, smokeTimeout, smokeEnv }),
      tags: {
        ...{ tags, commit, branch, gitTag, tagRules, tagFlavor },
        ...{ pullRequest, baseBranch, defaultBranch, scheduled, time, commitTime },
      },
      labels: { sourceUrl, labels, annotations },
      pushPatience,
      cache: { noCache, cacheFrom, cacheTo, cacheExclude },
      gates: {
        ...{ scanThreshold, scanDatabase, scanTool },
        ...{ signKey, signPassword, signTool, transparencyLog },
      },
    }
    return await publish(from, to)
  }

  /**
   * Deletes the old images of the build cache from a repository, and lists those that it has, the newest first. What has a tag of
   * another kind stays, whatever its age.
   *
   * @param repository Repository of the build cache, such as ghcr.io/acme/web.
   * @param keep How many images of the cache are kept. A build has one for each of its steps that took something to do.
   * @param dryRun Only list them.
   * @param registryUser User at the registry.
   * @param registryToken Password or token at the registry.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   */
  @func({ cache: "never" })
  async pruneCache(
    repository: string,
    keep = 100,
    dryRun = false,
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
  ): Promise<string> {
    return await pruneCache(
      registry(repository, registryUser, registryToken, registryService),
      parseInteger(keep, "keep", 0, 100_000),
      dryRun,
    )
  }

  /**
   * Lists what is in an image, by syft.
   *
   * @param image The image: one that build returns, or a reference such as ghcr.io/acme/web:1.4.2.
   * @param format Form of the list: spdx-json, cyclonedx-json or syft-json.
   * @param tool Image of syft. Default: a pinned version of its own.
   */
  @func()
  async sbom(image: Container, format = "spdx-json", tool?: Container): Promise<File> {
    return await listContents(image, format, tool)
  }

  /**
   * Looks for known vulnerabilities in an image, by grype. Fails with its table when one reaches the threshold, else returns the table.
   *
   * @param image The image: one that build returns, or a reference such as ghcr.io/acme/web:1.4.2.
   * @param threshold The severity that is too much: negligible, low, medium, high or critical.
   * @param database Vulnerability database of grype, instead of a download.
   * @param tool Image of grype. Default: a pinned version of its own.
   */
  @func({ cache: "never" })
  async scan(image: Container, threshold = "high", database?: File, tool?: Container): Promise<string> {
    return await scanImage(image, { threshold, database, tool })
  }

  /**
   * Signs an image in its registry, by cosign.
   *
   * @param reference The image with its digest, as publish prints it.
   * @param key Private key, as cosign generate-key-pair makes it, such as file:cosign.key.
   * @param password Password of the key.
   * @param transparencyLog Write the signature to the public log of Sigstore too, with the image's name and for good.
   * @param tool Image of cosign. Default: a pinned version of its own.
   * @param registryUser User at the registry.
   * @param registryToken Password or token at the registry.
   * @param registryConfig Docker configuration with the login of the registry, such as file:~/.docker/config.json, instead of --registry-user and --registry-token.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   */
  @func({ cache: "never" })
  async sign(
    reference: string,
    key: Secret,
    password?: Secret,
    transparencyLog = false,
    tool?: Container,
    registryUser?: string,
    registryToken?: Secret,
    registryConfig?: Secret,
    registryService?: Service,
  ): Promise<string> {
    const { repository, digest } = parseSignable(reference)
    const [registry] = await destinations({
      ...{ repository, user: registryUser, token: registryToken },
      ...{ config: registryConfig, service: registryService },
    })
    await signImage(registry, digest, { key, password, transparencyLog, tool })
    return `signed ${registry.repository}@${digest}\n`
  }

  /**
   * Says what deploy would do, step by step, and which rule each service gets. Changes nothing.
   *
   * @param repository Repository of the image, such as ghcr.io/acme/web.
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param source Directory with the Dockerfile: the build context. Either this or --image.
   * @param image Image that is already in the registry, instead of building one: a tag of the repository, or a whole reference with tag or digest.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home. Default: the last name of the repository.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   * @param tags Tags of your own, of which the first is deployed. Default: the tag of commit, branch or git tag, else src-<12 digits> of the source's content.
   * @param commit Commit id of the source: gives the tag sha-<12 digits>, and goes into the record.
   * @param branch Branch of the source: gives a tag of its name.
   * @param gitTag Git tag of the source: v1.4.2 gives the tags 1.4.2, 1.4, 1 and latest.
   * @param tagRules Rules for the tags, one a line, in the notation of docker/metadata-action, such as type=semver,pattern={{version}}: instead of the tags of commit, branch and git tag.
   * @param tagFlavor What holds for all rules, one setting a line: latest=auto, prefix=web-, suffix=-alpine,onlatest=true.
   * @param pullRequest Number of the pull request that is built: gives the tag pr-<number> in place of the branch.
   * @param baseBranch Branch that the pull request is to be merged into, for {{base_ref}} in rules.
   * @param defaultBranch Default branch of the source's repository, for rules that ask for it.
   * @param scheduled A schedule asked for this build, for rules with type=schedule.
   * @param time Time of the build for dates in rules, in seconds since 1970. Default: now.
   * @param registryUser User at the registry. The host pulls as the same user, through a configuration that is removed afterwards.
   * @param registryToken Password or token at the registry.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   * @param also Further repositories that get the same image with the same tags, such as docker.io/acme/web.
   * @param registryConfig Docker configuration with the logins of several registries, such as file:~/.docker/config.json, instead of --registry-user and --registry-token. Default: your own Docker login.
   * @param pushPatience How long a push is tried again when the registry is overloaded or the connection breaks. 0 for not at all.
   * @param sourceUrl Address of the source's repository, for the labels org.opencontainers.image.source and url.
   * @param labels Labels of the image, as NAME=value; beside title, revision, created and version, which come from the other options.
   * @param annotations Annotations of the image's manifest, as NAME=value; beside the same ones.
   * @param dockerfile Path of the Dockerfile within the source.
   * @param target Stage of the Dockerfile to build. Default: the last one.
   * @param platforms Platforms, such as linux/amd64,linux/arm64: one image index. Default: the engine's own.
   * @param buildArgs Build arguments, as NAME=value.
   * @param buildSecrets Secrets for RUN --mount=type=secret.
   * @param buildSecretIds The ids by which the Dockerfile mounts the build secrets, in the same order.
   * @param smokeEnv Variables for the smoke test's container, as NAME=value.
   * @param smokeTimeout How long the image has to become healthy in the smoke test.
   * @param healthPath Path that tells whether the app is healthy.
   * @param healthPort Port of the health path in the container. Default: the lowest exposed port in the smoke test, the first published one on the host.
   * @param healthStatus HTTP status of a healthy answer.
   * @param healthCount Healthy answers in a row that make a version ready.
   * @param services Services to replace. Default: all whose image is in the repository.
   * @param tagVariable Variable of the Compose file that holds the tag; written to .env when the release is committed.
   * @param envFile File of variables for Compose, relative to the project directory. Default: .env.
   * @param readyTimeout How long the new version has to become ready.
   * @param publicTimeout How long the new version has to answer through the published port after the switch.
   * @param drainTimeout How long requests in flight on the old version may take before they are cut.
   * @param soak How long the new version is watched while the old one still runs. 0 for not at all. Default: the service's deploy.update_config.monitor, else 5s.
   * @param errorRate Percent of server errors that the soak tolerates.
   * @param proxyImage Image of the proxy that owns the published ports; it needs HAProxy 2.6 or newer and bash.
   * @param allowGap Accept that requests fail once: the app's own container holds the published ports, and is stopped before the proxy takes them.
   * @param migrate Shell command that is run once in the new image before it starts to serve, with the service's environment and networks. Never undone, and not run by a rollback. Default: x-seamless.migrate of the Compose file, at its top level.
   * @param migrateTimeout How long the migration may take.
   * @param diskReserve Megabytes that must stay free on the disk of Docker, beside the room for the image.
   * @param keep Releases whose images stay on the host, the current one among them.
   * @param commitTime When the commit was made, in seconds since 1970 as git log -1 --format=%ct prints it: a commit older than the one of the same branch that serves is skipped.
   * @param force Deploy the older commit all the same.
   * @param by Who asks, for the record and for whoever finds the lock held.
   */
  @func({ cache: "never" })
  async plan(
    repository: string,
    host: string,
    knownHosts: File,
    source?: Directory,
    image?: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    projectDir?: string,
    composeFiles: string[] = [],
    tags: string[] = [],
    commit = "",
    branch = "",
    gitTag = "",
    tagRules = "",
    tagFlavor = "",
    pullRequest?: number,
    baseBranch = "",
    defaultBranch = "",
    scheduled = false,
    time?: number,
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
    also: string[] = [],
    registryConfig?: Secret,
    pushPatience = "2m",
    sourceUrl = "",
    labels: string[] = [],
    annotations: string[] = [],
    dockerfile = "Dockerfile",
    target?: string,
    platforms: string[] = [],
    buildArgs: string[] = [],
    buildSecrets: Secret[] = [],
    buildSecretIds: string[] = [],
    smokeEnv: string[] = [],
    smokeTimeout = "60s",
    healthPath = "/health",
    healthPort?: number,
    healthStatus = 200,
    healthCount = 3,
    services: string[] = [],
    tagVariable = "IMAGE_TAG",
    envFile?: string,
    readyTimeout = "120s",
    publicTimeout = "10s",
    drainTimeout = "30s",
    soak?: string,
    errorRate = 5,
    proxyImage = "haproxy:lts",
    allowGap = false,
    migrate?: string,
    migrateTimeout = "10m",
    diskReserve = 500,
    keep = 5,
    commitTime?: number,
    force = false,
    by = "",
  ): Promise<string> {
    const to = await destinations({
      ...{ repository, also, user: registryUser, token: registryToken },
      ...{ config: registryConfig, service: registryService },
    })
    const build = source && {
      source,
      dockerfile,
      target,
      platforms,
      args: buildArgs,
      secrets: buildSecrets,
      secretIds: buildSecretIds,
    }
    const from: PlannedSource = {
      image,
      tags: {
        ...{ tags, commit, branch, gitTag, tagRules, tagFlavor },
        ...{ pullRequest, baseBranch, defaultBranch, scheduled, time, commitTime },
      },
      ...{
        build,
        pushPatience,
        labels: { sourceUrl, labels, annotations },
        gates: { transparencyLog: false },
      },
      test: smoke({ healthPath, healthPort, healthStatus, healthCount, smokeTimeout, smokeEnv }),
    }
    const options = {
      services,
      tagVariable,
      envFile,
      healthPath,
      healthPort,
      healthStatus,
      healthCount,
      readyTimeout,
      publicTimeout,
      drainTimeout,
      soak,
      errorRate,
      proxyImage,
      allowGap,
      migrate,
      migrateTimeout,
      diskReserve,
      keep,
      by,
      commit,
      commitTime,
      branch,
      force,
    }
    const access = {
      host,
      knownHosts,
      sshKey,
      sshAgent,
      sshService,
      composeFiles,
      projectDir: projectDir ?? defaultProjectDir(repository),
    }
    return await planDeploy(from, to, options, access)
  }

  /**
   * Builds, smoke-tests, pushes, and replaces the running version on the host without losing a request.
   *
   * Anything that goes wrong before the release is committed is undone by the host itself: the old version, which was never
   * stopped, goes on serving, and the call fails with the reason and the last log lines. What already runs is left alone.
   *
   * @param repository Repository of the image, such as ghcr.io/acme/web.
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param source Directory with the Dockerfile: the build context. Either this or --image.
   * @param image Image that is already in the registry, instead of building one: a tag of the repository, or a whole reference with tag or digest.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home. Default: the last name of the repository.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   * @param tags Tags of your own, of which the first is deployed. Default: the tag of commit, branch or git tag, else src-<12 digits> of the source's content.
   * @param commit Commit id of the source: gives the tag sha-<12 digits>, and goes into the record.
   * @param branch Branch of the source: gives a tag of its name.
   * @param gitTag Git tag of the source: v1.4.2 gives the tags 1.4.2, 1.4, 1 and latest.
   * @param tagRules Rules for the tags, one a line, in the notation of docker/metadata-action, such as type=semver,pattern={{version}}: instead of the tags of commit, branch and git tag.
   * @param tagFlavor What holds for all rules, one setting a line: latest=auto, prefix=web-, suffix=-alpine,onlatest=true.
   * @param pullRequest Number of the pull request that is built: gives the tag pr-<number> in place of the branch.
   * @param baseBranch Branch that the pull request is to be merged into, for {{base_ref}} in rules.
   * @param defaultBranch Default branch of the source's repository, for rules that ask for it.
   * @param scheduled A schedule asked for this build, for rules with type=schedule.
   * @param time Time of the build for dates in rules, in seconds since 1970. Default: now.
   * @param registryUser User at the registry. The host pulls as the same user, through a configuration that is removed afterwards.
   * @param registryToken Password or token at the registry.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   * @param also Further repositories that get the same image with the same tags, such as docker.io/acme/web.
   * @param registryConfig Docker configuration with the logins of several registries, such as file:~/.docker/config.json, instead of --registry-user and --registry-token. Default: your own Docker login.
   * @param pushPatience How long a push is tried again when the registry is overloaded or the connection breaks. 0 for not at all.
   * @param sourceUrl Address of the source's repository, for the labels org.opencontainers.image.source and url.
   * @param labels Labels of the image, as NAME=value; beside title, revision, created and version, which come from the other options.
   * @param annotations Annotations of the image's manifest, as NAME=value; beside the same ones.
   * @param scanThreshold Refuses to push an image with known vulnerabilities of this severity or worse: negligible, low, medium, high or critical. Default: no scan.
   * @param scanDatabase Vulnerability database of grype, instead of a download.
   * @param scanTool Image of grype. Default: a pinned version of its own.
   * @param signKey Private key of cosign, such as file:cosign.key: the pushed image is signed in each repository. Default: no signature.
   * @param signPassword Password of that key.
   * @param signTool Image of cosign. Default: a pinned version of its own.
   * @param transparencyLog Write the signature to the public log of Sigstore too, with the image's name and for good.
   * @param dockerfile Path of the Dockerfile within the source.
   * @param target Stage of the Dockerfile to build. Default: the last one.
   * @param platforms Platforms, such as linux/amd64,linux/arm64: one image index. Default: the engine's own.
   * @param buildArgs Build arguments, as NAME=value.
   * @param buildSecrets Secrets for RUN --mount=type=secret.
   * @param buildSecretIds The ids by which the Dockerfile mounts the build secrets, in the same order.
   * @param smokeEnv Variables for the smoke test's container, as NAME=value.
   * @param smokeTimeout How long the image has to become healthy in the smoke test.
   * @param healthPath Path that tells whether the app is healthy.
   * @param healthPort Port of the health path in the container. Default: the lowest exposed port in the smoke test, the first published one on the host.
   * @param healthStatus HTTP status of a healthy answer.
   * @param healthCount Healthy answers in a row that make a version ready.
   * @param services Services to replace. Default: all whose image is in the repository.
   * @param tagVariable Variable of the Compose file that holds the tag; written to .env when the release is committed.
   * @param envFile File of variables for Compose, relative to the project directory. Default: .env.
   * @param readyTimeout How long the new version has to become ready.
   * @param publicTimeout How long the new version has to answer through the published port after the switch.
   * @param drainTimeout How long requests in flight on the old version may take before they are cut.
   * @param soak How long the new version is watched while the old one still runs. 0 for not at all. Default: the service's deploy.update_config.monitor, else 5s.
   * @param errorRate Percent of server errors that the soak tolerates.
   * @param proxyImage Image of the proxy that owns the published ports; it needs HAProxy 2.6 or newer and bash.
   * @param allowGap Accept that requests fail once: the app's own container holds the published ports, and is stopped before the proxy takes them.
   * @param migrate Shell command that is run once in the new image before it starts to serve, with the service's environment and networks. Never undone, and not run by a rollback. Default: x-seamless.migrate of the Compose file, at its top level.
   * @param migrateTimeout How long the migration may take.
   * @param diskReserve Megabytes that must stay free on the disk of Docker, beside the room for the image.
   * @param keep Releases whose images stay on the host, the current one among them.
   * @param commitTime When the commit was made, in seconds since 1970 as git log -1 --format=%ct prints it: a commit older than the one of the same branch that serves is skipped.
   * @param force Deploy the older commit all the same.
   * @param waitLock How long to wait for another rollout that holds the lock. Default: not at all.
   * @param by Who asks, for the record and for whoever finds the lock held.
   * @param format Form of the report.
   * @param noCache Build everything anew: nothing is taken from the build cache, and nothing put there.
   * @param cacheFrom Repository that the build cache is read from, such as ghcr.io/acme/web-cache. Default: the image's own.
   * @param cacheTo Repository that the build cache is written to. Default: the image's own.
   * @param cacheExclude Stages of the Dockerfile that are always built anew, by name, and with them what is built on them.
   */
  @func({ cache: "never" })
  async deploy(
    repository: string,
    host: string,
    knownHosts: File,
    source?: Directory,
    image?: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    projectDir?: string,
    composeFiles: string[] = [],
    tags: string[] = [],
    commit = "",
    branch = "",
    gitTag = "",
    tagRules = "",
    tagFlavor = "",
    pullRequest?: number,
    baseBranch = "",
    defaultBranch = "",
    scheduled = false,
    time?: number,
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
    also: string[] = [],
    registryConfig?: Secret,
    pushPatience = "2m",
    sourceUrl = "",
    labels: string[] = [],
    annotations: string[] = [],
    scanThreshold?: string,
    scanDatabase?: File,
    scanTool?: Container,
    signKey?: Secret,
    signPassword?: Secret,
    signTool?: Container,
    transparencyLog = false,
    dockerfile = "Dockerfile",
    target?: string,
    platforms: string[] = [],
    buildArgs: string[] = [],
    buildSecrets: Secret[] = [],
    buildSecretIds: string[] = [],
    smokeEnv: string[] = [],
    smokeTimeout = "60s",
    healthPath = "/health",
    healthPort?: number,
    healthStatus = 200,
    healthCount = 3,
    services: string[] = [],
    tagVariable = "IMAGE_TAG",
    envFile?: string,
    readyTimeout = "120s",
    publicTimeout = "10s",
    drainTimeout = "30s",
    soak?: string,
    errorRate = 5,
    proxyImage = "haproxy:lts",
    allowGap = false,
    migrate?: string,
    migrateTimeout = "10m",
    diskReserve = 500,
    keep = 5,
    commitTime?: number,
    force = false,
    waitLock = "0",
    by = "",
    format: ReportFormat = ReportFormat.Text,
    noCache = false,
    cacheFrom?: string,
    cacheTo?: string,
    cacheExclude: string[] = [],
  ): Promise<string> {
    const to = await destinations({
      ...{ repository, also, user: registryUser, token: registryToken },
      ...{ config: registryConfig, service: registryService },
    })
    const build = source && {
      source,
      dockerfile,
      target,
      platforms,
      args: buildArgs,
      secrets: buildSecrets,
      secretIds: buildSecretIds,
    }
    const from: ImageSource = {
      image,
      tags: {
        ...{ tags, commit, branch, gitTag, tagRules, tagFlavor },
        ...{ pullRequest, baseBranch, defaultBranch, scheduled, time, commitTime },
      },
      ...{ build, pushPatience, labels: { sourceUrl, labels, annotations } },
      cache: { noCache, cacheFrom, cacheTo, cacheExclude },
      gates: {
        ...{ scanThreshold, scanDatabase, scanTool },
        ...{ signKey, signPassword, signTool, transparencyLog },
      },
      test: smoke({ healthPath, healthPort, healthStatus, healthCount, smokeTimeout, smokeEnv }),
    }
    const options = {
      services,
      tagVariable,
      envFile,
      healthPath,
      healthPort,
      healthStatus,
      healthCount,
      readyTimeout,
      publicTimeout,
      drainTimeout,
      soak,
      errorRate,
      proxyImage,
      allowGap,
      migrate,
      migrateTimeout,
      diskReserve,
      keep,
      by,
      commit,
      commitTime,
      branch,
      force,
    }
    const access = {
      host,
      knownHosts,
      sshKey,
      sshAgent,
      sshService,
      composeFiles,
      projectDir: projectDir ?? defaultProjectDir(repository),
    }
    return renderers[format](await deploy(from, to, options, access, waitLock))
  }

  /**
   * Puts an earlier release back by its digest, in the same steps as a deploy and without a build.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param release Release to go back to. Default: the last one before the current with another image.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   * @param registryUser User at the registry. The host pulls as the same user, through a configuration that is removed afterwards.
   * @param registryToken Password or token at the registry.
   * @param registryService Service that stands for the registry: a tunnel, or a registry in a container.
   * @param registryConfig Docker configuration with the login of the registry, such as file:~/.docker/config.json, instead of --registry-user and --registry-token.
   * @param healthPath Path that tells whether the app is healthy.
   * @param healthPort Port of the health path in the container. Default: that of the first published port.
   * @param healthStatus HTTP status of a healthy answer.
   * @param healthCount Healthy answers in a row that make a version ready.
   * @param services Services to replace. Default: all whose image is in the repository of that release.
   * @param tagVariable Variable of the Compose file that holds the tag; written to .env when the release is committed.
   * @param envFile File of variables for Compose, relative to the project directory. Default: .env.
   * @param readyTimeout How long the new version has to become ready.
   * @param publicTimeout How long the new version has to answer through the published port after the switch.
   * @param drainTimeout How long requests in flight on the old version may take before they are cut.
   * @param soak How long the new version is watched while the old one still runs. 0 for not at all. Default: the service's deploy.update_config.monitor, else 5s.
   * @param errorRate Percent of server errors that the soak tolerates.
   * @param proxyImage Image of the proxy that owns the published ports; it needs HAProxy 2.6 or newer and bash.
   * @param allowGap Accept that requests fail once: the app's own container holds the published ports, and is stopped before the proxy takes them.
   * @param diskReserve Megabytes that must stay free on the disk of Docker, beside the room for the image.
   * @param keep Releases whose images stay on the host, the current one among them.
   * @param waitLock How long to wait for another rollout that holds the lock. Default: not at all.
   * @param by Who asks, for the record and for whoever finds the lock held.
   * @param format Form of the report.
   */
  @func({ cache: "never" })
  async rollback(
    host: string,
    knownHosts: File,
    projectDir: string,
    release?: number,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    composeFiles: string[] = [],
    registryUser?: string,
    registryToken?: Secret,
    registryService?: Service,
    registryConfig?: Secret,
    healthPath = "/health",
    healthPort?: number,
    healthStatus = 200,
    healthCount = 3,
    services: string[] = [],
    tagVariable = "IMAGE_TAG",
    envFile?: string,
    readyTimeout = "120s",
    publicTimeout = "10s",
    drainTimeout = "30s",
    soak?: string,
    errorRate = 5,
    proxyImage = "haproxy:lts",
    allowGap = false,
    diskReserve = 500,
    keep = 5,
    waitLock = "0",
    by = "",
    format: ReportFormat = ReportFormat.Text,
  ): Promise<string> {
    const options = {
      services,
      tagVariable,
      envFile,
      healthPath,
      healthPort,
      healthStatus,
      healthCount,
      readyTimeout,
      publicTimeout,
      drainTimeout,
      soak,
      errorRate,
      proxyImage,
      allowGap,
      diskReserve,
      keep,
      by,
      commit: "",
    }
    return renderers[format](
      await rollback(
        release,
        options,
        { host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles },
        { user: registryUser, token: registryToken, config: registryConfig, service: registryService },
        waitLock,
      ),
    )
  }

  /**
   * Follows the rollout that is under way, whoever began it, to its verdict; of one that has ended it gives the report.
   * Fails as the deploy itself did, or would have.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param format Form of the report.
   */
  @func({ cache: "never" })
  async follow(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    format: ReportFormat = ReportFormat.Text,
  ): Promise<string> {
    const access = { host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles: [] }
    return renderers[format](await attach(access, "follow"))
  }

  /**
   * Brings an interrupted rollout to an end, without a new one: after COMMIT forward, before it back. The next deploy does the
   * same first. What was not interrupted is left alone, and followed to its verdict.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param format Form of the report.
   */
  @func({ cache: "never" })
  async recover(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    format: ReportFormat = ReportFormat.Text,
  ): Promise<string> {
    const access = { host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles: [] }
    return renderers[format](await attach(access, "recover"))
  }

  /**
   * Locks the project: until unlock, every deploy and rollback is refused with the reason. What runs goes on.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param reason Why; whoever wants to deploy reads it.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param by Who says so.
   */
  @func({ cache: "never" })
  async lock(
    host: string,
    knownHosts: File,
    projectDir: string,
    reason: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    by = "",
  ): Promise<string> {
    const place = await connect({
      host,
      knownHosts,
      sshKey,
      sshAgent,
      sshService,
      projectDir,
      composeFiles: [],
    })
    return await lockProject(place, lockReason(reason, by, new Date().toISOString()))
  }

  /**
   * Takes the lock away that lock has made. The lock that a rollout holds is another one: it ends with the rollout.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   */
  @func({ cache: "never" })
  async unlock(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
  ): Promise<string> {
    const place = await connect({
      host,
      knownHosts,
      sshKey,
      sshAgent,
      sshService,
      projectDir,
      composeFiles: [],
    })
    return await unlockProject(place)
  }

  /**
   * Shows what serves on the host now: release, containers, proxy, and who holds the lock.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   */
  @func({ cache: "never" })
  async status(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    composeFiles: string[] = [],
  ): Promise<string> {
    const place = await connect({ host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles })
    const state = await readHost(place)
    checkPlace(state, place.projectDir)
    return renderStatus(place.name, state)
  }

  /**
   * Lists the rollouts of the project on the host, newest first, with their verdicts. The current one has a star.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   */
  @func({ cache: "never" })
  async history(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    composeFiles: string[] = [],
  ): Promise<string> {
    const place = await connect({ host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles })
    const state = await readHost(place)
    checkPlace(state, place.projectDir)
    return renderHistory(state)
  }

  /**
   * Shows the last log lines of the project's containers.
   *
   * @param host The Docker host, as user@name or user@name:port. The user must be allowed to use Docker.
   * @param knownHosts File in the format of ~/.ssh/known_hosts with the host's key. There is no trust on first use.
   * @param projectDir Directory of the Compose project on the host; a relative one begins at the user's home.
   * @param sshKey Private key without a passphrase, such as file:~/.ssh/deploy or env:SSH_KEY.
   * @param sshAgent Socket of an SSH agent, such as unix:$SSH_AUTH_SOCK, instead of a key.
   * @param sshService Service that stands for the host: a tunnel such as tcp://localhost:2222, or a host in a container.
   * @param composeFiles Compose files, relative to the project directory. Default: as Compose finds them.
   * @param services Services whose logs are wanted. Default: all.
   * @param lines Log lines of each container, from the end.
   */
  @func({ cache: "never" })
  async logs(
    host: string,
    knownHosts: File,
    projectDir: string,
    sshKey?: Secret,
    sshAgent?: Socket,
    sshService?: Service,
    composeFiles: string[] = [],
    services: string[] = [],
    lines = 100,
  ): Promise<string> {
    const place = await connect({ host, knownHosts, sshKey, sshAgent, sshService, projectDir, composeFiles })
    return await readLogs(
      place,
      services.map((service, index) => parsePath(service, `services[${index}]`)),
      parseInteger(lines, "lines", 1, 10_000),
    )
  }
}
