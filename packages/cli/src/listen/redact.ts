/** Shorter texts stand in any line by chance. */
const LEAST_CHARACTERS = 6

/** Blots secrets out of a text that quotes a message, an error or a body. */
export type Redact = (text: string) => string

/**
 * Makes what blots secrets out, in the spellings that they have in JSON, in a URL and in a form. To be called before a
 * text is cut off: of half a secret nobody could tell what it is.
 */
export function createRedaction(secrets: readonly (string | Uint8Array | undefined)[]): Redact {
  const known = secrets.filter(secret => typeof secret === 'string' && secret.length >= LEAST_CHARACTERS) as string[]
  const spellings = [...new Set(known.flatMap(spellingsOf))].map(spelling => new RegExp(escaped(spelling), 'gi'))
  return text => spellings.reduce((blotted, spelling) => blotted.replace(spelling, '[secret]'), text)
}

function spellingsOf(secret: string): string[] {
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1)
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), encodeURI(secret), inForm]
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
