// The library of this module: the engine API as generated for it, plus what
// the API does not contain.

export * from "./client.gen.js"
export type { CallbackFct, ConnectOpts } from "./core.js"
export {
  argument,
  Context,
  check,
  connect,
  connection,
  entrypoint,
  enumType,
  field,
  func,
  generate,
  getTracer,
  object,
} from "./core.js"
