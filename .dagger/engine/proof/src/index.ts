import { type Container, dag, func, object, type Service } from "@dagger.io/dagger"

const debian = "debian:bookworm-slim"
// A whole Docker host: what its daemon starts gets the host's own root filesystem, the only one there is without a pull.
const dockerHost = `
dockerd >/var/log/dockerd 2>&1 &
for n in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.1; done
docker info --format '{{.Driver}}' || { tail /var/log/dockerd; exit 1; }
tar -C / -c bin lib lib64 usr/bin usr/lib64 usr/lib/x86_64-linux-gnu | docker import - machine >/dev/null
docker run --rm -p 8080:80 machine echo ran
docker compose version --short
`

/** What Seamless and its tests ask of an engine, each as one function. */
@object()
export class Proof {
  /** The runtime that has loaded this module. */
  @func({ cache: "never" })
  runtime(): string {
    return process.versions.bun ? "bun" : "node"
  }

  /** Builds a Dockerfile, pushes the image to a registry service and runs what comes back from there. */
  @func({ cache: "never" })
  async image(): Promise<string> {
    const registryService = dag
      .container()
      .from("registry:2")
      .withExposedPort(5000)
      .asService({ useEntrypoint: true })
    const built = dag
      .directory()
      .withNewFile("Dockerfile", `FROM ${debian}\nRUN echo built >/built\nCMD ["cat", "/built"]\n`)
      .dockerBuild()
    await registryService.start()
    const reference = await built.publish("registry:5000/proof:1", { registryService })
    return await dag
      .container()
      .from(reference, { registryService })
      .withExec([], { useEntrypoint: true })
      .stdout()
  }

  /** Runs a container in a Docker daemon in a container. */
  @func({ cache: "never" })
  async host(): Promise<string> {
    return await this.machine()
      .withExec(["sh", "-c", dockerHost], { insecureRootCapabilities: true })
      .stdout()
  }

  /** Asks a service by its name. */
  @func({ cache: "never" })
  async service(): Promise<string> {
    return await dag
      .container()
      .from("redis:7-alpine")
      .withServiceBinding("redis", this.redis())
      .withExec(["redis-cli", "-h", "redis", "ping"])
      .stdout()
  }

  private machine(): Container {
    return dag
      .container()
      .from("docker:dind")
      .withMountedCache("/var/lib/docker", dag.cacheVolume("proof-docker"))
      .withEnvVariable("NOW", `${Date.now()}`)
  }

  private redis(): Service {
    return dag.container().from("redis:7-alpine").asService({ useEntrypoint: true })
  }
}
