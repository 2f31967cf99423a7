import { type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import { DIGESTS, type Digest } from '../crypto/algorithm.ts'
import { BLOCK_BYTES } from '../crypto/digest-bytes.ts'
import { encode, fromHex } from '../wire/encoding.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import { changing, type Hypothesis } from './hypothesis.ts'
import { type Pieces, piecesOf, type SharedHashing, sizeOf } from './shared-hashing.ts'

/** A way to make a signature of a secret and a message, in hexadecimal. */
export interface DigestGuess {
  readonly code: string
  readonly weight: number
  readonly did: string
  readonly fix: string
  readonly sign: (secret: Uint8Array) => (message: Message) => MaybePromise<string>
}

/** The right way first. */
export function guessDigests(digest: Digest, crypto: SharedHashing): readonly DigestGuess[] {
  const name = digest.replace('sha', 'SHA-')
  const fix = `Make an HMAC with ${name}: the secret is the key, the message is the data.`
  const text = (hex: string): Message => ({ before: hex, body: undefined, after: '' })
  const bytes = (body: Uint8Array): Message => ({ before: '', body, after: '' })
  const hashOf = (other: Digest, pieces: Pieces): MaybePromise<string> =>
    whenReady(crypto.hashPieces(other, pieces), hash => encode(hash, 'hex'))
  const hmac = (other: Digest) => (secret: Uint8Array) => crypto.hmac(other, secret, 'hex')
  const guesses: DigestGuess[] = [{ code: 'right', weight: 0, did: '', fix: '', sign: hmac(digest) }]
  for (const other of DIGESTS) {
    const otherName = other.replace('sha', 'SHA-')
    if (other !== digest)
      guesses.push({ code: `digest-hmac-${other}`, weight: 1, did: `It made the HMAC with ${otherName}.`, fix, sign: hmac(other) })
    const weight = other === digest ? 1 : 3
    guesses.push(
      {
        code: `digest-${other}-only`,
        weight,
        did: `It hashed the message with ${otherName}, without any secret.`,
        fix,
        sign: () => message => crypto.hashText(other, message, 'hex'),
      },
      {
        code: `digest-${other}-secret-first`,
        weight: weight + 1,
        did: `It hashed the secret and then the message with ${otherName}, which is no HMAC.`,
        fix,
        sign: secret => message => hashOf(other, [secret, ...piecesOf(message)]),
      },
      {
        code: `digest-${other}-secret-last`,
        weight: weight + 1,
        did: `It hashed the message and then the secret with ${otherName}, which is no HMAC.`,
        fix,
        sign: secret => message => hashOf(other, [...piecesOf(message), secret]),
      },
    )
  }
  guesses.push(
    {
      code: 'digest-arguments-swapped',
      weight: 1,
      did: 'It swapped the arguments of the HMAC: the message was the key, and the secret the data.',
      fix,
      // A key that is longer than a block is hashed: RFC 2104 §3.
      sign: secret => message =>
        whenReady(sizeOf(message) > BLOCK_BYTES[digest] ? crypto.hash(digest, message) : messageBytes(message), key =>
          crypto.hmac(digest, key, 'hex')(bytes(secret)),
        ),
    },
    {
      code: 'digest-of-hash',
      weight: 2,
      did: `It hashed the message first, and made the HMAC of that hash.`,
      fix: 'Make the HMAC of the message itself.',
      sign: secret => message => whenReady(crypto.hash(digest, message), hash => crypto.hmac(digest, secret, 'hex')(bytes(hash))),
    },
    {
      code: 'digest-of-hash-text',
      weight: 2,
      did: 'It hashed the message first, and made the HMAC of that hash in hexadecimal.',
      fix: 'Make the HMAC of the message itself.',
      sign: secret => message => whenReady(crypto.hashText(digest, message, 'hex'), hash => crypto.hmac(digest, secret, 'hex')(text(hash))),
    },
    {
      code: 'digest-hashed-again',
      weight: 3,
      did: 'It hashed the HMAC once more.',
      fix: 'Send the HMAC itself.',
      sign: secret => message =>
        whenReady(crypto.hmac(digest, secret, 'hex')(message), hex =>
          crypto.hashText(digest, bytes(fromHex(hex) ?? new Uint8Array(0)), 'hex'),
        ),
    },
    {
      code: 'digest-twice',
      weight: 3,
      did: 'It made the HMAC of the HMAC.',
      fix: 'Make the HMAC once.',
      sign: secret => message => {
        const sign = crypto.hmac(digest, secret, 'hex')
        return whenReady(sign(message), hex => sign(bytes(fromHex(hex) ?? new Uint8Array(0))))
      },
    },
    {
      code: 'digest-secret-hashed',
      weight: 3,
      did: 'It hashed the secret before it used it as the key.',
      fix: 'Use the secret itself as the key.',
      sign: secret => message => whenReady(crypto.hash(digest, bytes(secret)), key => crypto.hmac(digest, key, 'hex')(message)),
    },
  )
  return guesses
}

export function digestHypotheses(guesses: readonly DigestGuess[]): readonly Hypothesis[] {
  return guesses.slice(1).map(({ code, weight, did, fix }, index) => ({
    code,
    dimension: 'digest',
    weight,
    did,
    fix,
    ...changing('digest', current => (current === 0 ? index + 1 : undefined)),
  }))
}
