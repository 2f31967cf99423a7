import type { Digest } from '../crypto/algorithm.ts'
import { type CryptoProvider, inTurn, type MaybePromise, type SignMessage, whenReady } from '../crypto/provider.ts'
import type { Composition } from '../scheme/plan.ts'
import { type BytesEncoding, concatBytes, fromHex, utf8 } from '../wire/encoding.ts'
import { type Message, textMessage } from '../wire/message.ts'

/** Derived keys kept per secret; a client of one service needs one a day. */
const MAX_DERIVED_KEYS = 16

/** Signs a message with the key that is derived over the texts of its composition's chain. */
export type SignDerived = (message: Message, composition: Pick<Composition, 'chain' | 'call'>) => MaybePromise<string>

/**
 * Signs with keys derived from a secret: HMAC with prefix and secret over the first text of the chain, with that over
 * the second, and so on. Each derived key is worked out once.
 */
export function createDerivedSigner(
  prefix: string,
  secret: Uint8Array,
  digest: Digest,
  encoding: BytesEncoding,
  crypto: CryptoProvider,
): SignDerived {
  const material = concatBytes([utf8(prefix), secret])
  const derived = new Map<string, MaybePromise<SignMessage>>()

  function derive(texts: readonly string[]): MaybePromise<SignMessage> {
    let key = material
    const steps = inTurn(texts, text =>
      whenReady(crypto.hmac(digest, key, 'hex')(textMessage(text)), hex => {
        key = fromHex(hex) ?? key
      }),
    )
    return whenReady(steps, () => crypto.hmac(digest, key, encoding))
  }

  return (message, { chain = [], call }) => {
    const texts = chain.map(text => text(call))
    const id = texts.join('\n')
    let signer = derived.get(id)
    if (signer === undefined) {
      signer = derive(texts)
      if (derived.size >= MAX_DERIVED_KEYS) derived.delete(derived.keys().next().value ?? '')
      derived.set(id, signer)
    }
    return whenReady(signer, sign => sign(message))
  }
}
