import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { parseTimestamp } from '../wire/parse-timestamp.ts'

/**
 * Makes the check whether a nonce can be read as a timestamp of a scheme with `{timestamp or nonce}`: its message is
 * that of a call with this time, which could be played again as one that never ends. Signers and verifiers refuse it.
 *
 * @returns `undefined` for a scheme that signs no nonce in a timestamp's place
 */
export function compileOtherMomentCheck(scheme: Scheme): ((nonce: string) => boolean) | undefined {
  if (!isDeclared(scheme) || scheme.timestamp === undefined) return undefined
  const { alternatives, timestamp } = scheme
  if (alternatives?.includes('timestamp') !== true || !alternatives.includes('nonce')) return undefined
  return nonce => parseTimestamp(nonce, timestamp.formats) !== undefined
}
