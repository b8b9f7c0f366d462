import { type Action, docker, type Job, look, type Program } from "./action.ts"
import { create, remove } from "./containers.ts"
import { mark } from "./files.ts"
import { isRunning } from "./host.ts"

/** Once, in a container of its own; what it did to the data is never undone. */
export function* migrate(job: Job, service = ""): Program {
  if (!(yield* removeMigration(job))) return false
  if (!(yield mark(job, "schema")) || !(yield beginMigration(job, service))) return false
  if (yield endMigration(job, service)) return true
  yield* removeMigration(job)
  return false
}

/** Under the lock no migration but the run's own can be under way: also what an earlier run could not remove goes. */
export function* removeMigration({ host }: Job): Program {
  if (!(yield look("look for migrations"))) return false
  return yield* remove(host.boxes.filter(({ oneoff }) => oneoff === "True").map(({ id }) => id))
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
