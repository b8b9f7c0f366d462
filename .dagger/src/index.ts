/**
 * What the developers of Seamless use: real Docker hosts, registries and traffic to test deploys with, as Dagger services.
 * Nothing has to be installed on the machine.
 */
import {
  argument,
  type Container,
  check,
  type Directory,
  dag,
  func,
  object,
  type Service,
} from "@dagger.io/dagger"
import { dockerHostService, labFile } from "./host"

const NODE = "node:24-slim"

/** Where the gateway listens → what it passes on to. */
const FORWARDED = {
  2222: "host.test:22",
  5000: "registry:5000",
  8080: "host.test:8080",
  8081: "host.test:8081",
}

/**
 * User `ci`, password `seamless`, and user `robot`, whose password `Yk7-registry-token-Vm2x` is one that can be searched for.
 * They open nothing but the test registry.
 */
const HTPASSWD = [
  "ci:$2b$08$xZTofrR.hM7Ye2oxP7e3aulygx0DDi3E6OCFIfe82U7kWcv0H1OiO\n",
  "robot:$2b$08$QJ5mZ0y7bq1pW3uR9sT2eOHF07tRSpP69Ld0u3WOLL0dXxEisdkpO\n",
].join("")

@object()
export class Dev {
  /**
   * The SSH files of a client of the test host: id_ed25519 (with .pub) and known_hosts for host.test on ports 22 and 2222;
   * for negative tests wrong_key and known_hosts_changed, which names another host key.
   */
  @func()
  keys(): Directory {
    return this.allKeys().directory("user")
  }

  /**
   * A registry on port 5000 that lets everybody in.
   *
   * @param fresh Any text; another text gives another, empty registry.
   */
  @func()
  registry(fresh = ""): Service {
    return this.registryImage(fresh).asService({ useEntrypoint: true })
  }

  /**
   * A registry on port 5000 that wants the user `ci` with the password `seamless`.
   *
   * @param fresh Any text; another text gives another, empty registry.
   */
  @func()
  registryWithAuth(fresh = ""): Service {
    return this.registryImage(fresh)
      .withNewFile("/auth/htpasswd", HTPASSWD)
      .withEnvVariable("REGISTRY_AUTH", "htpasswd")
      .withEnvVariable("REGISTRY_AUTH_HTPASSWD_REALM", "lab")
      .withEnvVariable("REGISTRY_AUTH_HTPASSWD_PATH", "/auth/htpasswd")
      .asService({ useEntrypoint: true })
  }

  /**
   * An empty Docker host: sshd on port 22 for the user `deploy`, dockerd, Compose, and the project files in ~/app.
   *
   * @param app Where docker-compose.yml and .env are taken from.
   * @param userlandProxy Whether dockerd runs its userland proxy for published ports, as it does by default.
   * @param oldCompose Use an old Compose plugin, if the image docker:dind has one in cli-plugins-old.
   * @param registryAuth The host's registry wants a login.
   * @param fresh Any text; another text gives another host.
   */
  @func()
  dockerHost(
    @argument({ defaultPath: "/examples/app" }) app: Directory,
    userlandProxy = true,
    oldCompose = false,
    registryAuth = false,
    fresh = "",
  ): Service {
    const registry = registryAuth ? this.registryWithAuth(fresh) : this.registry(fresh)
    return dockerHostService({ app, keys: this.allKeys(), registry, userlandProxy, oldCompose, fresh })
  }

  /**
   * The traffic generator, controlled by HTTP on port 9000: POST /start {"name", "target", "rate", "streams"},
   * GET /report?name=…, POST /stop {"name"}.
   */
  @func()
  traffic(): Service {
    return this.gateway().asService({ args: ["node", "/lab/control.mjs"] })
  }

  /**
   * A test host, its registry and the traffic generator behind one service, for `up`. Its ports: 9000 control (traffic, and POST
   * /exec {"command", "as", "stdin"} to run a command on the host), 9001 all the others over one HTTP/2 connection, 2222 SSH, 5000 the registry, 8080 and 8081 the host's own.
   * Beware: `up` listens on all addresses of this machine, and whoever reaches 9000 is root on the test host.
   *
   * @param app Where docker-compose.yml and .env are taken from.
   * @param userlandProxy Whether dockerd runs its userland proxy for published ports, as it does by default.
   * @param oldCompose Use an old Compose plugin, if the image docker:dind has one in cli-plugins-old.
   * @param registryAuth The registry wants the user `ci` with the password `seamless`.
   * @param fresh Any text; another text gives another, empty lab.
   */
  @func()
  lab(
    @argument({ defaultPath: "/examples/app" }) app: Directory,
    userlandProxy = true,
    oldCompose = false,
    registryAuth = false,
    fresh = "",
  ): Service {
    const keys = this.allKeys()
    const gateway = this.gateway()
      .withExec([
        "sh",
        "-c",
        "command -v ssh || { apt-get update && apt-get install -y --no-install-recommends openssh-client; }",
      ])
      .withDirectory("/keys", keys.directory("user"))
      .withFile("/root-key/id_ed25519", keys.file("host/root_key"), { permissions: 0o600 })
      .withServiceBinding("host.test", this.dockerHost(app, userlandProxy, oldCompose, registryAuth, fresh))
      .withServiceBinding("registry", registryAuth ? this.registryWithAuth(fresh) : this.registry(fresh))
      .withEnvVariable(
        "FORWARD",
        Object.entries(FORWARDED)
          .map((rule) => rule.join("="))
          .join(","),
      )
    return Object.keys(FORWARDED)
      .reduce((container, port) => container.withExposedPort(Number(port)), gateway)
      .asService({ args: ["node", "/lab/control.mjs"] })
  }

  /**
   * Checks the module by its public functions: two versions of the app are deployed to an empty host, one after the other,
   * and a third time there is nothing to do.
   *
   * @param app The app that is deployed.
   */
  @func({ cache: "never" })
  @check()
  async deployTest(@argument({ defaultPath: "/examples/app" }) app: Directory): Promise<void> {
    const fresh = now()
    const registryService = await this.registry(fresh).start()
    const sshService = await this.dockerHost(app, true, false, false, fresh).start()
    const sshKey = dag.setSecret("lab-key", await this.keys().file("id_ed25519").contents())
    for (const [version, verdict] of [
      ["1.0.0", "Deployed app (web)"],
      ["1.1.0", "Deployed app (web)"],
      ["1.1.0", "nothing to do"],
    ] as const) {
      const report = await dag
        .seamless()
        .deploy("registry:5000/app", "deploy@host.test", this.keys().file("known_hosts"), {
          ...{ source: app, buildArgs: [`VERSION=${version}`], tags: [version] },
          ...{ registryService, sshService, sshKey },
        })
      if (!report.includes(verdict)) throw new Error(`${version} was to end with "${verdict}":\n${report}`)
    }
  }

  /**
   * Checks that the traffic generator sees every kind of failure.
   *
   * @param app The app that is killed under traffic.
   */
  @func({ cache: "never" })
  @check()
  async trafficTest(@argument({ defaultPath: "/examples/app" }) app: Directory): Promise<void> {
    await dag
      .container()
      .from(NODE)
      .withDirectory("/repo/.dagger/lab", dag.currentModule().source().directory("lab"))
      .withDirectory("/repo/examples/app", app)
      .withWorkdir("/repo/.dagger/lab")
      .withEnvVariable("RUN", now())
      .withExec(["node", "--test", "traffic.test.mjs"])
      .sync()
  }

  /**
   * Checks the lab itself: the host answers, containers start and resolve names, the registry takes and gives images, traffic to
   * a deployed app loses nothing, and a plain `docker compose up` to the next version is seen to lose requests.
   *
   * @param app The app that is deployed.
   */
  @func({ cache: "never" })
  @check()
  async labTest(@argument({ defaultPath: "/examples/app" }) app: Directory): Promise<string> {
    const fresh = now()
    const registry = await this.registry(fresh).start()
    for (const version of ["1.0.0", "1.1.0"]) {
      // The engine speaks plain HTTP to a registry named localhost without being configured for it.
      await app
        .dockerBuild({ buildArgs: [{ name: "VERSION", value: version }] })
        .publish(`localhost:5000/app:${version}`, { registryService: registry })
    }
    return await dag
      .container()
      .from(NODE)
      .withFile("/lab-test.mjs", labFile("lab-test.mjs"))
      .withServiceBinding("lab", this.lab(app, true, false, false, fresh))
      .withEnvVariable("RUN", fresh)
      .withExec(["node", "/lab-test.mjs"])
      .stdout()
  }

  private allKeys(): Directory {
    return dag
      .container()
      .from("docker:dind")
      .withWorkdir("/keys")
      .withFile("/tmp/keys.sh", labFile("keys.sh"))
      .withExec(["sh", "/tmp/keys.sh"])
      .directory("/keys")
  }

  private registryImage(fresh: string): Container {
    return dag
      .container()
      .from("registry:2")
      .withEnvVariable("REGISTRY_LOG_LEVEL", "warn")
      .withEnvVariable("REGISTRY_LOG_ACCESSLOG_DISABLED", "true")
      .withEnvVariable("LAB_FRESH", fresh)
      .withExposedPort(5000)
  }

  private gateway(): Container {
    return dag
      .container()
      .from(NODE)
      .withFile("/lab/traffic.mjs", labFile("traffic.mjs"))
      .withFile("/lab/control.mjs", labFile("control.mjs"))
      .withExposedPort(9000)
      .withExposedPort(9001)
  }
}

const now = () => new Date().toISOString()
