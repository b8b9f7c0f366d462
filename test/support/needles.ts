import type { Lab } from "./lab.ts"

/** Secret values by what they are; none of them may be found where a deploy leaves traces. */
export type Needles = Readonly<Record<string, string>>

const needleFile = "/run/needles"

/** The names of the secrets that a text contains. */
export function found(needles: Needles, text: string): string[] {
  return Object.entries(needles).flatMap(([name, value]) => (text.includes(value) ? [name] : []))
}

/**
 * Looks for the secrets in the arguments and the environment of every process of the host, over and over, until stopped.
 * Processes inside of containers are left out: the app rightly has its own.
 */
export async function watchProcesses(lab: Lab, needles: Needles) {
  await root(lab, `rm -f ${needleFile}.end; umask 077; cat >${needleFile}`, lines(needles))
  const watching = lab.exec(watcher, { as: "root" })
  return {
    /** How often it looked, and each secret with the process that had it; one that ended in between has no name. */
    async stop(): Promise<{ rounds: number; seen: string[] }> {
      await root(lab, `touch ${needleFile}.end`)
      const { code, stdout, stderr } = await watching
      if (code !== 0) throw new Error(`the processes cannot be watched: ${stderr}`)
      const [rounds = "", ...seen] = stdout.trimEnd().split("\n").reverse()
      return { rounds: Number(rounds), seen: [...new Set(seen)] }
    },
  }
}

/** One grep a round: it sees processes that live only for some milliseconds. */
const watcher = `
own=$(readlink /proc/self/ns/pid) rounds=0
while [ ! -e ${needleFile}.end ]; do
  while IFS=: read -r file value; do
    process=\${file%/*}
    [ "$(readlink "$process/ns/pid")" = "$own" ] || continue
    echo "$value in \${file##*/} of $(tr '\\0\\n' '  ' <"$process/cmdline" | cut -c 1-200)"
  done <<-FOUND
	$(grep -saoHF -f ${needleFile} /proc/[0-9]*/cmdline /proc/[0-9]*/environ)
	FOUND
  find /home/deploy/app/.seamless -path '*/docker/*' -type f -perm /077 2>/dev/null
  rounds=$((rounds + 1))
  sleep 0.02
done
echo $rounds`

/** Files of the host that contain one of the secrets. */
export async function filesWith(lab: Lab, needles: Needles, ...places: string[]): Promise<string[]> {
  const { stdout } = await lab.exec(
    `cat >${needleFile}; grep -rsalF --devices=skip -f ${needleFile} ${places.join(" ")} | sort`,
    { as: "root", stdin: lines(needles) },
  )
  return stdout.split("\n").filter((path) => path !== "")
}

/** How many lines of a command's output contain one of the secrets. */
export async function linesWith(lab: Lab, needles: Needles, command: string): Promise<number> {
  await root(lab, `cat >${needleFile}`, lines(needles))
  const { stdout, stderr } = await lab.exec(`set -o pipefail; ${command} | grep -acF -f ${needleFile}`, {
    as: "root",
  })
  if (stderr !== "") throw new Error(`${command}: ${stderr}`)
  return Number(stdout)
}

const lines = (needles: Needles) => `${Object.values(needles).join("\n")}\n`

async function root(lab: Lab, command: string, stdin = ""): Promise<void> {
  const { code, stderr } = await lab.exec(command, { as: "root", stdin })
  if (code !== 0) throw new Error(`${command}: ${stderr}`)
}
