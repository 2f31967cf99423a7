import type { Key } from 'countersign'

/** What a call was proven with: a key's secret or public key, by its place among them. */
export interface Proven {
  readonly key: Key
  readonly credential: number
}

/**
 * Whether a key, as it is now, still has what a call was proven with. Held against the secret or public key itself: an
 * older version of the server puts another public key in the place of one without giving it an id of its own.
 */
export function stillProves({ key: known, credential }: Proven, key: Key): boolean {
  if (key === known) return true
  const secret = known.secrets[credential]?.reveal()
  if (secret !== undefined) return key.secrets.some(one => Buffer.compare(one.reveal(), secret) === 0)
  const pem = known.publicKeys[credential]?.publicKey
  return pem !== undefined && key.publicKeys.some(one => one.publicKey === pem)
}
