import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as node } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { crypto as web } from '../crypto/web.ts'
import type { Composition } from '../scheme/plan.ts'
import { textMessage } from '../wire/message.ts'
import { createDerivedSigner } from './derive.ts'

const MESSAGE = textMessage('what is signed')
const secret = Buffer.from('secret')

/** A call whose chain has these texts. */
const over = (...texts: string[]) => ({ chain: texts.map(text => () => text), call: {} }) as unknown as Composition

/** What the signature has to be. */
function signedOver(...texts: string[]): string {
  const key = texts.reduce<Buffer>((last, text) => createHmac('sha256', last).update(text).digest(), Buffer.from('AWS4secret'))
  return createHmac('sha256', key).update('what is signed').digest('hex')
}

/** The signer, and how often it has asked for an HMAC since it was last looked at. */
function counting(crypto: CryptoProvider = node) {
  let signatures = 0
  const counted: CryptoProvider = {
    ...crypto,
    hmac(...given) {
      const sign = crypto.hmac(...given)
      return message => {
        signatures++
        return sign(message)
      }
    },
  }
  const signer = createDerivedSigner('AWS4', secret, 'sha256', 'hex', counted)
  const cost = async (work: unknown): Promise<number> => {
    await work
    const count = signatures
    signatures = 0
    return count
  }
  return { signer, cost }
}

describe.each([
  ['at once', node],
  ['with promises', web],
])('a derived key, on a platform that answers %s', (_how, crypto) => {
  it('is made of the secret and each text of the chain, kept or not', async () => {
    const { signer } = counting(crypto)
    for (const texts of [['20250101', 'eu-west-1', 'service'], ['one'], []]) {
      expect(await signer.sign(MESSAGE, over(...texts))).toBe(signedOver(...texts))
      await signer.keep(over(...texts))
      expect(await signer.sign(MESSAGE, over(...texts))).toBe(signedOver(...texts))
    }
    expect(await counting(crypto).signer.sign(MESSAGE, { chain: undefined, call: over().call })).toBe(signedOver())
  })

  it('is worked out each time until it is kept, and once more where others must not see that it is', async () => {
    const { signer, cost } = counting(crypto)
    const one = over('a', 'b')
    for (let time = 0; time < 2; time++) {
      expect(await cost(signer.sign(MESSAGE, one))).toBe(3)
      expect(await cost(signer.spend(one))).toBe(0)
    }
    expect(await cost(signer.keep(one))).toBe(2)
    expect(await cost(signer.keep(one))).toBe(0)
    expect(await cost(signer.sign(MESSAGE, one))).toBe(1)
    expect(await cost(signer.spend(one))).toBe(2)
    // Texts that run together otherwise are another chain.
    for (const other of [over('ab'), over('a', 'b', ''), over('', 'a', 'b'), over('b', 'a')])
      expect(await cost(signer.spend(other))).toBe(0)
  })

  it('pushes out the one that was kept first, when there are sixteen', async () => {
    const { signer, cost } = counting(crypto)
    const kept = Array.from({ length: 16 }, (_, index) => over(`${index}`))
    for (const one of kept) await signer.keep(one)
    const costs = async () => {
      const all = []
      for (const one of kept) all.push(await cost(signer.spend(one)))
      return all.join('')
    }
    await cost(undefined)
    expect(await costs()).toBe('1'.repeat(16))
    await cost(signer.keep(over('new')))
    expect(await costs()).toBe(`0${'1'.repeat(15)}`)
    expect(await cost(signer.spend(over('new')))).toBe(1)
  })
})
