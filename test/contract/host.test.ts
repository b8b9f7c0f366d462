import { readFile } from "node:fs/promises"
import { connection, dag } from "@dagger.io/dagger"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { InputError } from "../../src/core/errors.ts"
import { type SshAccess, SshHost } from "../../src/host/ssh.ts"
import { type Lab, startLab } from "../support/lab.ts"
import { LocalHost } from "../support/local-host.ts"
import { describeHost } from "./host.contract.ts"

describe("the machine itself", () => {
  describeHost(() => new LocalHost())
})

describe("a host over SSH", () => {
  let lab: Lab
  let hangUp = () => {}

  beforeAll(async () => {
    lab = await startLab()
    // The connection lasts as long as its callback.
    await new Promise<void>((connected, failed) => {
      connection(
        () =>
          new Promise<void>((end) => {
            hangUp = end
            connected()
          }),
      ).catch(failed)
    })
  })
  afterAll(async () => {
    hangUp()
    await lab.stop()
  })

  const read = (name: string) => readFile(`${lab.keysDir}/${name}`, "utf8")

  async function access(
    changes: { key?: string; knownHosts?: string; port?: number } = {},
  ): Promise<SshAccess> {
    const port = changes.port ?? lab.sshPort
    return {
      address: { user: "deploy", name: "host.test", port: 2222 },
      knownHosts: await read(changes.knownHosts ?? "known_hosts"),
      key: dag.setSecret("key", await read(changes.key ?? "id_ed25519")),
      service: dag.host().service([{ frontend: port, backend: port }]),
    }
  }

  let host: SshHost
  beforeAll(async () => {
    host = new SshHost(await access())
  })
  describeHost(() => host)

  it("brings secret files, and shows them to nobody", async () => {
    const secret = dag.setSecret("login", "planted-secret")
    const withSecret = new SshHost({ ...(await access()), secretFiles: { "docker/config.json": secret } })
    const script =
      "cd $(mktemp -d) && tar -xof - && wc -c <docker/config.json && cat /proc/*/cmdline /proc/*/environ 2>/dev/null | grep -ac planted-secre[t]"
    const { stdout } = await withSecret.run({ argv: ["sh", "-c", script], files: { plan: "" } })
    expect(stdout.split("\n").map((line) => line.trim())).toEqual(["14", "0", ""])
  })

  it.each([
    [
      "a key that the host does not know",
      { key: "wrong_key" },
      "sshKey: SSH to deploy@host.test:2222 failed: the host accepts none of the keys",
    ],
    [
      "another host key",
      { knownHosts: "known_hosts_changed" },
      "knownHosts: SSH to deploy@host.test:2222 failed: the host's key is not the one in known_hosts",
    ],
  ])("refuses %s", async (_, changes, message) => {
    const refused = new SshHost(await access(changes)).run({ argv: ["true"] })
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(message)
  })

  it.each([
    ["127.0.0.1", "host: SSH to deploy@127.0.0.1:1 failed: nothing listens on its SSH port"],
    ["nowhere.invalid", "host: SSH to deploy@nowhere.invalid:1 failed: its name cannot be resolved"],
  ])("says why %s cannot be reached", async (name, message) => {
    const { service: _, ...direct } = await access()
    const unreachable = new SshHost({ ...direct, address: { user: "deploy", name, port: 1 } }).run({
      argv: ["true"],
    })
    await expect(unreachable).rejects.toThrow(InputError)
    await expect(unreachable).rejects.toThrow(message)
  })
})
