import { boundedMap } from '../contract/bounded-map.ts'
import { inTurn, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { Digest } from '../crypto/algorithm.ts'
import type { CryptoProvider, SignMessage } from '../crypto/provider.ts'
import type { Composition } from '../scheme/plan.ts'
import { type BytesEncoding, concatBytes, fromHex, utf8 } from '../wire/encoding.ts'
import { type Message, textMessage } from '../wire/message.ts'

/** Derived keys kept per secret; a client of one service needs one a day. */
const MAX_DERIVED_KEYS = 16

/** Signs with keys that are derived from a secret. */
export interface DerivedSigner {
  /** Signs a message with the key that is derived over the texts of its composition's chain. */
  sign(message: Message, composition: Chained): MaybePromise<string>
  /** Keeps the derived key: it will be asked for again. */
  keep(composition: Chained): MaybePromise<void>
  /** Does the work of deriving where `sign` was spared it, so that its time doesn't tell which keys are kept. */
  spend(composition: Chained): MaybePromise<void>
}

type Chained = Pick<Composition, 'chain' | 'call'>

/**
 * Makes the signer: HMAC with prefix and secret over the first text of the chain, with that over the second, and so on.
 * A derived key is worked out each time until it is kept: what a stranger asks for must not push out what clients use.
 */
export function createDerivedSigner(
  prefix: string,
  secret: Uint8Array,
  digest: Digest,
  encoding: BytesEncoding,
  crypto: CryptoProvider,
): DerivedSigner {
  const material = concatBytes([utf8(prefix), secret])
  const kept = boundedMap<SignMessage>(MAX_DERIVED_KEYS)

  function derive({ chain = [], call }: Chained): MaybePromise<SignMessage> {
    let key = material
    const steps = inTurn(chain, text =>
      whenReady(crypto.hmac(digest, key, 'hex')(textMessage(text(call))), hex => {
        key = fromHex(hex) ?? key
      }),
    )
    return whenReady(steps, () => crypto.hmac(digest, key, encoding))
  }

  function idOf({ chain = [], call }: Chained): string {
    let id = ''
    for (const text of chain) id += `${text(call)}\n`
    return id
  }

  return {
    sign: (message, composition) => whenReady(kept.get(idOf(composition)) ?? derive(composition), sign => sign(message)),
    keep(composition) {
      const id = idOf(composition)
      return kept.get(id) === undefined ? whenReady(derive(composition), sign => kept.set(id, sign)) : undefined
    },
    spend: composition => (kept.get(idOf(composition)) === undefined ? undefined : whenReady(derive(composition), () => undefined)),
  }
}
