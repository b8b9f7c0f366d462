// What the engine says when a registry did not do what it was asked for.

// "unexpected status from PUT request to https://…: 502 Bad Gateway"
const status = /unexpected status from ([A-Z]+) request to [a-z]+:\/\/[^/\s]+(\/[^?\s]*)\S*: (\d{3}) ([^\n]*)/

// On 429 and 503 the engine's client sends the request again, with a body that has been read to its end before.
const secondTry = /short read: expected \d+ bytes but got 0: unexpected EOF/

const broken =
  /connection reset|broken pipe|closed network connection|server closed idle connection|\bEOF\b|i\/o timeout|timeout awaiting|handshake timeout|deadline exceeded/i

/**
 * Whether the same request may succeed a moment later: the registry is overloaded or restarting (5xx, 429), or the
 * connection broke or was too slow. A refusal, and a name that cannot be resolved or used, stays what it is.
 *
 * @param said The engine's message.
 */
export function isPassing(said: string): boolean {
  const code = status.exec(said)?.[3]
  if (code !== undefined) return ["408", "429", "500", "502", "503", "504"].includes(code)
  return broken.test(said)
}

/** What the registry answered, or how the connection failed, on one line and without the query of an address. */
export function registryAnswer(said: string): string {
  const last = (said.trim().split("\n").at(-1) ?? "").replace(/\?[^"\s]*/g, "")
  const [, method, path, code, text = ""] = status.exec(said) ?? []
  if (code !== undefined) {
    const detail = said.trim().includes("\n") ? ` (${last})` : ""
    return `${code} ${text.trim()} to ${method} ${path}${detail}`
  }
  return secondTry.test(said) ? `429 or 503, which the engine tells as "${last}"` : last
}
