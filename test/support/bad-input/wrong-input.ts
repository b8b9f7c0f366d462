/** One wrong call of the command line, and what it answers. */
export interface WrongInput {
  /** What is wrong: the test's name, and the row's in docs/errors.md. */
  wrong: string
  /** Function that is called, `plan` by default: it checks all that `deploy` checks and is as wrong with either. */
  call?: Call
  /**
   * Options that differ from those of a good call; null leaves one out. `{keys}` is the folder of the lab's SSH files,
   * `{files}` the one of files that the table makes.
   */
  options: Record<string, string | null>
  /** A project of its own on the host, made beforehand; --project-dir is its name. */
  project?: Project
  /**
   * The whole error. `…` stands for words on one line that are not ours, or that differ from run to run.
   */
  error: string
}

export type Call =
  | "build"
  | "publish"
  | "plan"
  | "deploy"
  | "rollback"
  | "status"
  | "logs"
  | "lock"
  | "follow"

export interface Project {
  name: string
  /** Text of compose.yml; none without it. */
  compose?: string
  /** Shell text that root runs in the directory afterwards. */
  prepare?: string
}

export interface WrongInputs {
  /** Heading in docs/errors.md. */
  title: string
  cases: readonly WrongInput[]
}

/** An expected error as a regular expression for the whole text. */
export function asPattern(error: string): RegExp {
  const escaped = error.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")
  return new RegExp(`^${escaped.replaceAll("…", "[^\\n]+")}$`)
}

/** docs/errors.md, from the tables that the tests check. */
export function renderErrors(groups: readonly WrongInputs[]): string {
  return [
    "# Wrong input, and what Seamless says to it",
    "",
    "Generated from the tables in `test/support/bad-input`; `test/e2e/bad-input.test.ts` makes every one of these calls and checks",
    "on a real host that it says this and changes nothing. `…` stands for words of Docker, OpenSSH or the registry, and for what",
    "differs each time.",
    "",
    "The word before the first colon is the option (`knownHosts` is `--known-hosts`), or the place in the Compose file.",
    ...groups.flatMap(({ title, cases }) => [
      "",
      `## ${title}`,
      "",
      "| wrong | what is said | what to do |",
      "| --- | --- | --- |",
      ...cases.map(({ wrong, error }) => row(wrong, error)),
    ]),
    "",
  ].join("\n")
}

function row(wrong: string, error: string): string {
  const lines = error.split("\n").map((line) => line.trim())
  const hint = lines.at(-1)?.replace(/^→ /, "") ?? ""
  return `| ${wrong} | ${lines.slice(0, -1).map(code).join("<br>")} | ${code(hint)} |`
}

/** A code span of a table's cell: a bar would end the cell even there. */
function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`"
  return `${fence}${text.replaceAll("|", "\\|")}${fence}`
}
