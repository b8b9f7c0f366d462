/** What is used of the bundled library: see scripts/bundle-parser.mjs. */
export interface Parser {
  DockerfileParser: { parse(content: string): ParsedDockerfile }
}

interface Position {
  line: number
  character: number
}

interface Named {
  getName(): string
  getValue(): string | null
}

export interface ParsedInstruction {
  getKeyword(): string
  getRange(): { start: Position; end: Position }
  getArguments(): { getValue(): string }[]
  /** Of instructions that can have flags. */
  getFlags?(): Named[]
  /** Of instructions that can be written as a JSON array. */
  getJSONStrings?(): { getJSONValue(): string }[]
  getHeredocs?(): unknown[]
  /** Of ARG and ENV. */
  getProperties?(): Named[]
}

interface ParsedDockerfile {
  getInstructions(): ParsedInstruction[]
  getDirectives(): { getName(): string; getRange(): { start: Position; end: Position } }[]
}
