/** Escape sequences that only colour what follows. */
const COLOUR = '\\u001b\\[[0-9;]*m'
/** Control characters but tab and line break, and those that turn the direction of text or hide in it. */
const HARMFUL = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]'
const EITHER = new RegExp(`(${COLOUR})|${HARMFUL}`, 'g')
const ALL = new RegExp(HARMFUL, 'g')
const ANY = new RegExp(`${HARMFUL}|[\\t\\n]`, 'g')

/** A stranger's word on one line, cut off after `most` characters, with nothing in it that a terminal would obey. */
export function printableWord(text: string, most = 200): string {
  const whole = text.replace(ANY, escaped)
  return whole.length > most ? `${whole.slice(0, most)}…` : whole
}

/** Lines with a stranger's text in them, of which a terminal obeys nothing but colours. */
export function printableLines(text: string): string {
  return text.replace(EITHER, (found: string, colour: string | undefined) => colour ?? escaped(found))
}

/** A stranger's lines, with nothing in them that a terminal would obey, colours neither. */
export function printableText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(ALL, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
