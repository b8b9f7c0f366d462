import { connection, dag, ReturnType } from "@dagger.io/dagger"
import { expect, test } from "vitest"
import { proxyConfig, type Route, type Slots } from "../../src/core/proxy-config.ts"

const web: Route = { service: "web", published: 8080, target: 3000 }
const servers = (service: string, slots: Slots, replicas: number) => ({
  service,
  slots,
  replicas,
  alias: `shop-${service}-r7`,
})

/** Configurations of every shape that a plan can have, and one that is wrong. */
const files: Record<string, string> = {
  bootstrap: proxyConfig([web], []),
  one: proxyConfig([web], [servers("web", "a", 1)]),
  three: proxyConfig([web], [servers("web", "b", 3)]),
  full: proxyConfig([web], [servers("web", "a", 16)]),
  addresses: proxyConfig(
    [
      { ...web, hostIp: "127.0.0.1" },
      { ...web, hostIp: "::1" },
    ],
    [servers("web", "a", 1)],
  ),
  several: proxyConfig(
    [web, { ...web, published: 80, target: 3001 }, { service: "my_api-2.x", published: 63_999, target: 1 }],
    [servers("web", "b", 2), servers("my_api-2.x", "b", 1)],
  ),
  wrong: proxyConfig([web], [servers("web web", "a", 1), servers("web", "a", 17)]).replace(
    "mode http",
    "mode web",
  ),
}

test("HAProxy itself accepts every configuration without a warning", () =>
  connection(async () => {
    let folder = dag.directory()
    for (const [name, text] of Object.entries(files)) folder = folder.withNewFile(name, text)
    // A name that nobody answers for here is no fault of the file.
    const check = `for file in *; do
      haproxy -c -f "$file" >/dev/null 2>/tmp/said
      echo "$file $? $(grep -e WARNING -e ALERT /tmp/said | grep -vc 'could not resolve')"
    done`
    const checked = dag
      .container()
      .from("haproxy:lts")
      .withDirectory("/configs", folder)
      .withWorkdir("/configs")
      .withExec(["bash", "-c", check], { expect: ReturnType.Any })
    const lines = (await checked.stdout()).trim().split("\n")
    const results = Object.fromEntries(
      lines.map((line) => [line.split(" ")[0], line.split(" ").slice(1).join(" ")]),
    )
    expect(results.wrong).toMatch(/^1 [1-9]/)
    const { wrong: _, ...right } = results
    expect(right).toEqual(
      Object.fromEntries(
        Object.keys(files)
          .filter((name) => name !== "wrong")
          .map((name) => [name, "0 0"]),
      ),
    )
  }))
