import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createKey, type Key } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stillProves } from './still-proves.ts'

const SECRETS = Array.from({ length: 4 }, () => randomBytes(32).toString('base64url'))
const PEMS = SECRETS.map(() => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString())
const KINDS: readonly (readonly [string, (which: readonly number[]) => Key])[] = [
  ['secrets', which => createKey(qredoV1, { id: 'k', secrets: which.map(at => SECRETS[at] ?? '') })],
  ['public keys', which => createKey(rfc9421, { id: 'k', publicKeys: which.map(at => PEMS[at] ?? '') })],
]
/** One or two that are live. */
const live = fc.uniqueArray(fc.nat(SECRETS.length - 1), { minLength: 1, maxLength: 2 })

describe('what a call was proven with', () => {
  it.each(KINDS)('still proves exactly as long as it is among the %s of its key', (_kind, keyWith) => {
    fc.assert(
      fc.property(live, live, fc.nat(1), (then, now, at) => {
        const credential = at % then.length
        const wanted = now.includes(then[credential] ?? -1)
        expect(stillProves({ key: keyWith(then), credential }, keyWith(now))).toBe(wanted)
      }),
    )
  })

  it('is one of the key’s, or proves nothing', () => {
    for (const [, keyWith] of KINDS) expect(stillProves({ key: keyWith([0]), credential: 1 }, keyWith([0, 1]))).toBe(false)
  })
})
