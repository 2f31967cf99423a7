import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as node } from '../crypto/node.ts'
import { crypto as web } from '../crypto/web.ts'
import type { Composition, TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { coinbaseExchange, kucoin, qredoV1 } from '../schemes/index.ts'
import { textMessage } from '../wire/message.ts'
import { createHmacCheck } from './check-hmac.ts'
import { Secret } from './secret.ts'

const [A, B, STRANGER] = [1, 2, 3].map(byte => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer]
const MESSAGE = 'what is signed'
const signed = (secret: Buffer, scheme: Scheme, text = MESSAGE): string =>
  createHmac('sha256', secret)
    .update(text)
    .digest(scheme.signature.encoding === 'base64url' ? 'base64url' : 'base64')

function check(scheme: Scheme, secrets: readonly Buffer[], claim: Partial<TimelyClaim>, passphrase?: string, crypto = node) {
  const key = {
    id: 'k',
    secrets: secrets.map(secret => new Secret(secret)),
    passphrase: passphrase === undefined ? undefined : new Secret(Buffer.from(passphrase)),
  }
  const whole = { nonce: '', moreSignatures: [], passphrase: undefined, ...claim } as unknown as TimelyClaim
  return createHmacCheck(scheme, crypto, key, 'sha256')(textMessage(MESSAGE), whole, {} as Composition)
}

describe.each([
  ['at once', node],
  ['with promises', web],
])('the check of a key with secrets, on a platform that answers %s', (_how, crypto) => {
  const [byA, byB, byStranger] = [A, B, STRANGER].map(secret => signed(secret, qredoV1)) as [string, string, string]

  it.each<[string, readonly Buffer[], Partial<TimelyClaim>, readonly string[] | undefined, number?]>([
    ['its signature', [A], { signature: byA }, [byA]],
    ["a stranger's", [A], { signature: byStranger }, undefined],
    ['its signature among several', [A], { signature: byStranger, moreSignatures: ['', byA, byStranger] }, [byA]],
    ['several, none its own', [A], { signature: byStranger, moreSignatures: [byB, byStranger] }, undefined],
    ['a nonce, which is the id of the call', [A], { signature: byA, nonce: 'once' }, ['k once']],
    ['a nonce and a wrong signature', [A], { signature: byB, nonce: 'once' }, undefined],
    ['its first secret, with the ids under both', [A, B], { signature: byA }, [byA, byB]],
    ['its second secret, with the ids under both', [A, B], { signature: byB }, [byA, byB], 1],
    ['either secret among several', [A, B], { signature: byStranger, moreSignatures: [byB] }, [byA, byB], 1],
    ['a nonce, under two secrets', [A, B], { signature: byB, nonce: 'once' }, ['k once'], 1],
    ['neither secret', [A, B], { signature: byStranger }, undefined],
    ['no secret at all', [], { signature: '' }, undefined],
  ])('goes by %s', async (_what, secrets, claim, callIds, credential = 0) => {
    const held = callIds === undefined ? undefined : { callIds, credential }
    expect(await check(qredoV1, secrets, claim, undefined, crypto)).toEqual(held)
  })

  it.each([[[A]], [[A, B]]])('takes no passphrase where the key has none (%#)', async secrets => {
    for (const [passphrase, ids] of [
      [undefined, secrets.map(secret => signed(secret, qredoV1))],
      ['', secrets.map(secret => signed(secret, qredoV1))],
      ['made up', undefined],
    ] as const)
      expect((await check(qredoV1, secrets, { signature: byA, passphrase }, undefined, crypto))?.callIds).toEqual(ids)
  })

  it.each<[string, Scheme, (secret: Buffer) => string]>([
    ['as it is', coinbaseExchange, () => 'open sesame'],
    ['signed with the secret', kucoin, secret => signed(secret, kucoin, 'open sesame')],
  ])('wants the passphrase beside the signature: %s', async (_what, scheme, carried) => {
    for (const secrets of [[A], [A, B]]) {
      const ids = secrets.map(secret => signed(secret, scheme))
      const outcome = async (signature: string, passphrase: string | undefined) =>
        (await check(scheme, secrets, { signature, passphrase }, 'open sesame', crypto))?.callIds
      const good = signed(A, scheme)
      expect(await outcome(good, carried(A))).toEqual(ids)
      for (const wrong of ['', 'Open sesame', carried(A).slice(1)]) expect(await outcome(good, wrong)).toBeUndefined()
      expect(await outcome(signed(STRANGER, scheme), carried(A))).toBeUndefined()
      // A scheme that carries none says nothing of it.
      expect(await outcome(good, undefined)).toEqual(ids)
    }
  })
})
