import { type Action, docker, type Job, type Program } from "./action.ts"
import { create, remove } from "./containers.ts"
import { mark } from "./files.ts"
import { isRunning } from "./host.ts"

/** Once, in a container of its own; what it did to the data is never undone. */
export function* migrate(job: Job, service = ""): Program {
  if (!(yield mark(job, "schema")) || !(yield beginMigration(job, service))) return false
  if (yield endMigration(job, service)) return true
  yield* removeMigration(job, service)
  return false
}

export function* removeMigration({ host, release }: Job, service = ""): Program {
  const half = host.boxes.filter(({ id }) => id === migrationOf(release, service))
  return yield* remove(half.map(({ id }) => id))
}

/** The container in which a release migrates. */
const migrationOf = (release: number, service: string) => `${service}-migration-${release}`

const beginMigration = ({ release }: Job, service: string): Action =>
  docker("begin to migrate", (host) => {
    const id = migrationOf(release, service)
    if (host.migrated.includes(release)) host.wrongs.push(`release ${release} migrates twice`)
    host.migrated.push(release)
    create(host, id, service, String(release))
    Object.assign(host.boxes.at(-1) ?? {}, { state: "running", restart: "no", oneoff: "True" })
    return true
  })

const endMigration = ({ release }: Job, service: string): Action =>
  docker("end the migration", (host) => {
    const id = migrationOf(release, service)
    const ended = host.boxes.some((box) => box.id === id && isRunning(box))
    if (ended) host.boxes = host.boxes.filter((box) => box.id !== id)
    return ended
  })
