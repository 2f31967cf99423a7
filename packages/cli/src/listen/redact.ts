/** Shorter texts stand in any line by chance. */
const LEAST_CHARACTERS = 6

/** Makes what blots secrets out of text that quotes a message, an error or a body. */
export function createRedaction(secrets: readonly (string | Uint8Array | undefined)[]): (text: string) => string {
  const known = secrets.filter(secret => typeof secret === 'string' && secret.length >= LEAST_CHARACTERS) as string[]
  const spellings = known.flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1)])
  return text => spellings.reduce((blotted, secret) => blotted.replaceAll(secret, '[secret]'), text)
}
