/** What most often lies behind an answer that was not the one of a healthy app, or nothing. */
export function advise(answer: string): string | undefined {
  if (/connection ?refused|unable to connect/i.test(answer)) {
    return "does the app listen on that port, and on 0.0.0.0 instead of 127.0.0.1? Name another port with --health-port"
  }
  if (/answered 404\b/.test(answer)) return "the app has no such path: name its own with --health-path"
  return undefined
}
