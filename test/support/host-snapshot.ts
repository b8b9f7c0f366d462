import type { Lab } from "./lab.ts"

/** What of the host is compared: a heading a part, so that a difference names its place. */
const parts = {
  containers: `docker ps -aq | xargs -r docker inspect --format '{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}' | sort`,
  images: "docker images -a --no-trunc --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}' | sort",
  networks: "docker network ls --no-trunc --format '{{.ID}} {{.Name}}' | sort",
  volumes: "docker volume ls --format '{{.Name}}' | sort",
  "firewall rules": "iptables-save -t nat | grep '^-' | sort",
  "files with owner, mode and time": "find /home -printf '%p %y %u %m %l %T@\\n' | sort",
  "content of files": "find /home -type f -print0 | sort -z | xargs -0 sha256sum",
  "servers of the proxy": `docker ps -q --filter label=seamless.proxy | xargs -r -I ID docker exec ID bash -c 'exec 3<>/dev/tcp/127.0.0.1/65535; echo "show servers state" >&3; cat <&3' | awk '!/^#/ { print $2, $4, $5, $6, $7, $8 }'`,
}

type Part = keyof typeof parts

/** Everything on the host that a refused call must leave as it is, part by part. */
export const hostSnapshot = (lab: Lab): Promise<Record<Part, string[]>> => readParts(lab, parts)

/** The lines that each of some shell texts prints, run as root. */
export async function readParts<Part extends string>(
  lab: Lab,
  parts: Record<Part, string>,
): Promise<Record<Part, string[]>> {
  const command = Object.entries(parts).map(([title, part]) => `echo '== ${title}'; ${part} || exit 1`)
  const { code, stdout, stderr } = await lab.exec(command.join("\n"), { as: "root" })
  if (code !== 0 || stderr !== "") throw new Error(`the host cannot be compared: ${stderr}`)
  const sections = stdout.split(/^== /m).slice(1)
  return Object.fromEntries(
    sections.map((section) => {
      const [title = "", ...lines] = section.trimEnd().split("\n")
      return [title, lines]
    }),
  ) as Record<Part, string[]>
}
