import { expect, test } from "vitest"
import { DeployError, InputError } from "../../src/core/errors.ts"
import { oneLine, shown } from "../../src/core/text.ts"

test("an input error has the path, the problem and the hint", () => {
  const error = new InputError("hosts[1].port", '"x" is not a port', "give 1 to 65535")
  expect(error.message).toBe('hosts[1].port: "x" is not a port\n  → give 1 to 65535')
  expect(error).toMatchObject({ name: "InputError", path: "hosts[1].port", hint: "give 1 to 65535" })
})

test("a deploy error says what failed, what was undone and what to do next", () => {
  const error = new DeployError("web never became ready within 30s", {
    step: "wait until web r2 is ready",
    undone: ["removed web r2 from the proxy", "stopped web r2"],
    logTail: ["listening on 3001", "\u001b[31mred\u0007"],
    hint: "check the port: the health check asks 3000",
  })
  expect(error.message.split("\n")).toEqual([
    "web never became ready within 30s",
    "  failed step: wait until web r2 is ready",
    "  undone: removed web r2 from the proxy",
    "  undone: stopped web r2",
    "  last log lines:",
    "    | listening on 3001",
    "    | �[31mred�",
    "  → check the port: the health check asks 3000",
  ])
  expect(new DeployError("no step").message).toBe("no step")
})

test.each([
  ["plain", '"plain"'],
  ['a"b', '"a\\"b"'],
  ["a\nb\u001b[0m\u0085\u202e", '"a\\nb\\u001b[0m\\u0085\\u202e"'],
  ["x".repeat(200), `"${"x".repeat(79)}…"`],
])("%j is shown as %s", (value, text) => {
  expect(shown(value)).toBe(text)
})

test.each([
  ["a\r\n  b", "a b"],
  ["a\tb", "a b"],
  ["a\u0000b\u202ec\u2028d", "a�b�c�d"],
  ["  kept  inside ", "  kept  inside "],
])("%j on one line is %j", (text, line) => {
  expect(oneLine(text)).toBe(line)
})
