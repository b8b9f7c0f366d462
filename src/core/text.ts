// Text of others in our output: it can neither break a line nor steer a terminal.

/** Control characters, line and paragraph separators, marks that turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

/** A value of the caller for a message: in quotes, control characters visible, 80 characters at most. */
export function shown(value: string): string {
  const short = value.length > 80 ? `${value.slice(0, 79)}…` : value
  return JSON.stringify(short).replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

/** A text on one line: line breaks and tabs become blanks, other control characters the replacement character. */
export function oneLine(text: string): string {
  return text
    .replace(/[^\S\r\n]*[\r\n]\s*/g, " ")
    .replaceAll("\t", " ")
    .replace(unprintable, "�")
}
