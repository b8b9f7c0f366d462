import { type Action, change, file, flush, type Job, type Program } from "./action.ts"
import type { RunFolder } from "./host.ts"

/** A note of the run to its own undo. */
export const mark = ({ run }: Job, name: string): Action =>
  file(`mark ${name}`, () => {
    run.marks.push(name)
    return true
  })

/** The login for the pull goes. */
export function forget(run: RunFolder): boolean {
  run.credentials = false
  return true
}

/** Points a link elsewhere in one rename. */
export function* point(release: number): Program {
  const linked = yield file("link current.new", (host) => {
    host.next = release
    return true
  })
  if (!linked) return false
  yield change("rename current.new", (host) => {
    host.current = host.next
    delete host.next
    return true
  })
  return yield flush("releases")
}

/** The variables of .env, by a copy that is renamed. */
export function* writeEnv(job: Job): Program {
  const copied = yield file("copy .env", (host) => {
    host.envCopy = { ...host.env }
    return true
  })
  if (!copied || !(yield file("write the new text")) || !(yield rewriteCopy(job))) return false
  if (!(yield flush(".env.seamless"))) return false
  return yield change("rename .env.seamless", (host) => {
    if (host.envCopy !== undefined) host.env = host.envCopy
    delete host.envCopy
    return true
  })
}

/** The copy is emptied before it is written: without room it stays torn. */
function rewriteCopy({ tag }: Job): Action {
  const write = file("write .env.seamless", (host) => {
    host.envCopy = { tag, torn: false }
    return true
  })
  return {
    ...write,
    tear: (host) => {
      host.envCopy = { tag, torn: true }
    },
  }
}

/** Of the releases that were deployed none goes: no schedule makes more of them than are kept. */
export function* prune({ host, run }: Job): Program {
  if (!(yield file("write what is kept"))) return false
  const failed = host.runs.filter(
    ({ id, moved, verdict }) => id !== run.id && moved && verdict !== "deployed",
  )
  return yield change("remove what is not kept", () => {
    for (const { release } of failed) delete host.releases[release]
    return true
  })
}
