import {
  type Container,
  type Directory,
  dag,
  ImageLayerCompression,
  ImageMediaTypes,
  type Service,
} from "@dagger.io/dagger"

/** Images the host has from the start, because a deploy may not depend on a registry for them. */
const PRELOADED = ["haproxy:lts", "redis:7-alpine"]

const OLD_COMPOSE = "/usr/local/libexec/docker/cli-plugins-old/docker-compose"

export type HostOptions = {
  app: Directory
  keys: Directory
  registry: Service
  userlandProxy: boolean
  oldCompose: boolean
  fresh: string
}

/** A file of this module, next to its sources. */
export const labFile = (name: string) => dag.currentModule().source().file(`lab/${name}`)

/** A whole Docker host: sshd, dockerd and Compose. An open port 22 means that it is ready. */
export function dockerHostService(options: HostOptions): Service {
  let host = withAccounts(dag.container().from("docker:dind"), options.keys)
    .withDirectory("/home/deploy/app", options.app, {
      include: ["docker-compose.yml", ".env"],
      owner: "deploy:deploy",
    })
    .withServiceBinding("registry", options.registry)
    .withEnvVariable("DOCKERD_ARGS", `--userland-proxy=${options.userlandProxy}`)
    .withEnvVariable("PRELOAD", PRELOADED.join(" "))
    .withEnvVariable("LAB_FRESH", options.fresh)

  if (options.oldCompose) {
    host = host.withExec(["install", "-D", OLD_COMPOSE, "/usr/local/lib/docker/cli-plugins/docker-compose"])
  }
  PRELOADED.forEach((reference, n) => {
    const archive = dag.container().from(reference).asTarball({
      mediaTypes: ImageMediaTypes.DockerMediaTypes,
      forcedCompression: ImageLayerCompression.Uncompressed,
    })
    host = host.withMountedFile(`/images/${n}.tar`, archive)
  })
  return (
    host
      // In memory: overlay2 does not work on top of an overlay, and loading the images there waits for no disk.
      .withMountedTemp("/var/lib/docker")
      .withFile("/usr/local/bin/lab-host", labFile("host.sh"), { permissions: 0o755 })
      .withoutDockerHealthcheck()
      .withExposedPort(22)
      .asService({ args: ["lab-host"], insecureRootCapabilities: true })
  )
}

/** sshd with keys only: `deploy` accepts the client's key, `root` only the lab's own. */
function withAccounts(image: Container, keys: Directory): Container {
  return image
    .withoutExposedPort(2375)
    .withoutExposedPort(2376)
    .withFile("/tmp/host-setup.sh", labFile("host-setup.sh"))
    .withExec(["sh", "/tmp/host-setup.sh"])
    .withFile("/etc/lab/host_key", keys.file("host/host_key"), { permissions: 0o600 })
    .withFile("/etc/lab/authorized_keys/deploy", keys.file("user/id_ed25519.pub"))
    .withFile("/etc/lab/authorized_keys/root", keys.file("host/root_key.pub"))
}
