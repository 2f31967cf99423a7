/** Escape sequences that only colour what follows. */
const COLOUR = '\\u001b\\[[0-9;]*m'
/** Control characters but the line break, and those that turn the direction of text or hide in it. */
const HARMFUL = '[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]'
const EITHER = new RegExp(`(${COLOUR})|${HARMFUL}`, 'g')
const ANY = new RegExp(`${HARMFUL}|\\n`, 'g')

/** A stranger's word on one line, cut off, with nothing in it that a terminal would obey. */
export function printableWord(text: string, most = 200): string {
  const whole = text.replace(ANY, escaped)
  return whole.length > most ? `${whole.slice(0, most)}…` : whole
}

/** Lines of ours, in colour, that quote a stranger. */
export function printableLines(text: string): string {
  return text.replace(EITHER, (found: string, colour: string | undefined) => colour ?? escaped(found))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
