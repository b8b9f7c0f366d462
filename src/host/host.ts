/** One command for a host. */
export interface HostCommand {
  argv: readonly string[]
  /** Text for its standard input. */
  stdin?: string
  /** Instead of text: files, by relative path, that it gets as a tar archive on its standard input. */
  files?: Readonly<Record<string, string>>
}

export interface CommandResult {
  /** Exit status of the command; failures of the way there are thrown as errors. */
  code: number
  stdout: string
  stderr: string
}

/**
 * All that Seamless asks of a host: run one command. The adapters are SSH in a Dagger container, and the machine itself
 * for tests; one contract suite holds for both.
 */
export interface Host {
  run(command: HostCommand): Promise<CommandResult>
}
