import { boundedMap } from '../contract/bounded-map.ts'
import { type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { Digest } from '../crypto/algorithm.ts'
import { BLOCK_BYTES } from '../crypto/digest-bytes.ts'
import type { CryptoProvider, RunningHash } from '../crypto/provider.ts'
import { concatBytes, encode, utf8 } from '../wire/encoding.ts'
import { bodyMessage, type Message } from '../wire/message.ts'
import { type Meter, OVER_BUDGET } from './meter.ts'

/** A crypto provider that works out once what long messages have in common, and keeps to a budget. */
export interface SharedHashing extends CryptoProvider {
  /** The hash of several pieces, one behind the other. */
  hashPieces(digest: Digest, pieces: Pieces): MaybePromise<Uint8Array>
}

export type Pieces = readonly (string | Uint8Array)[]

/** Shorter messages are hashed by the platform's quickest way, each for itself: to share them costs as much. */
export const SHARED_FROM_BYTES = 65_536
/** So much is hashed at once, some 0.2 ms, before it is seen whether a pause is due. */
const CHUNK_BYTES = 262_144
/** Begun hashes that are kept: the latest. */
const MOST_KEPT = 64

/** The pieces of a message that hold anything. */
export function piecesOf({ before, body = '', after }: Message): Pieces {
  return [before, body, after].filter(piece => piece.length > 0)
}

/** In bytes, or in characters of what is text. */
export function sizeOf({ before, body, after }: Message): number {
  return before.length + (body?.length ?? 0) + after.length
}

function sizeOfAll(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/**
 * The hash of a body is worked out once. Where the platform's hashes can be copied half-way, long messages that begin
 * alike are hashed once up to where they differ. What would be more than the meter allows throws OVER_BUDGET.
 */
export function shareHashing(crypto: CryptoProvider, meter: Meter): SharedHashing {
  const names = new WeakMap<Uint8Array, string>()
  const begun = boundedMap<RunningHash>(MOST_KEPT)
  const ofBodies = new WeakMap<Uint8Array, Map<string, unknown>>()
  let named = 0

  /** Pieces of bytes by which object they are: a body is one object however often it is signed. */
  function nameOf(piece: string | Uint8Array): string {
    if (typeof piece === 'string') return JSON.stringify(piece)
    let name = names.get(piece)
    if (name === undefined) {
      name = String(named++)
      names.set(piece, name)
    }
    return name
  }

  function spend(bytes: number): void {
    if (!meter.spend(bytes)) throw OVER_BUDGET
  }

  function feed(hash: RunningHash, bytes: Uint8Array, from = 0): MaybePromise<void> {
    for (let at = from; at < bytes.length; at += CHUNK_BYTES) {
      hash.update(bytes.subarray(at, at + CHUNK_BYTES))
      const rest = meter.rest()
      if (rest !== undefined) return rest.then(() => feed(hash, bytes, at + CHUNK_BYTES))
    }
  }

  /** Goes on from the longest beginning that is known, and keeps the longer ones. */
  function runThrough(start: (digest: Digest) => RunningHash, digest: Digest, pieces: Pieces): MaybePromise<RunningHash> {
    const keys: string[] = []
    for (const piece of pieces) keys.push(`${keys.at(-1) ?? digest} ${nameOf(piece)}`)
    const known = keys.findLastIndex(key => begun.get(key) !== undefined)
    spend(sizeOfAll(pieces.slice(known + 1)))
    const beginning = begun.get(keys[known] ?? '')
    // The one that was used least lately goes first.
    if (beginning !== undefined) begun.set(keys[known] ?? '', beginning)
    /** @param hash the caller's own */
    const goOn = (hash: RunningHash, index: number): MaybePromise<RunningHash> => {
      const [piece, key] = [pieces[index], keys[index]]
      if (piece === undefined || key === undefined) return hash
      return whenReady(feed(hash, typeof piece === 'string' ? utf8(piece) : piece), () => {
        if (sizeOfAll(pieces.slice(0, index + 1)) >= SHARED_FROM_BYTES) begun.set(key, hash.copy())
        return goOn(hash, index + 1)
      })
    }
    return goOn(beginning?.copy() ?? start(digest), known + 1)
  }

  function hashPieces(digest: Digest, pieces: Pieces): MaybePromise<Uint8Array> {
    const { startHash } = crypto
    if (startHash !== undefined && sizeOfAll(pieces) >= SHARED_FROM_BYTES)
      return whenReady(runThrough(startHash, digest, pieces), hash => hash.digest())
    spend(sizeOfAll(pieces))
    return crypto.hash(digest, bodyMessage(joinPieces(pieces)))
  }

  /** The result for a message that is one body in bytes is worked out once. */
  function ofBody<T>(key: string, { before, body, after }: Message, make: () => MaybePromise<T>): MaybePromise<T> {
    if (!(body instanceof Uint8Array) || before !== '' || after !== '') return make()
    let known = ofBodies.get(body)
    if (known === undefined) {
      known = new Map()
      ofBodies.set(body, known)
    }
    if (!known.has(key)) known.set(key, make())
    return known.get(key) as MaybePromise<T>
  }

  function isShared(message: Message): boolean {
    return crypto.startHash !== undefined && sizeOf(message) >= SHARED_FROM_BYTES
  }

  return {
    ...crypto,
    hashPieces,
    hash: (digest, message) =>
      ofBody(digest, message, () => {
        if (isShared(message)) return hashPieces(digest, piecesOf(message))
        spend(sizeOf(message))
        return crypto.hash(digest, message)
      }),
    hashText: (digest, message, encoding) =>
      ofBody(`${digest} ${encoding}`, message, () => {
        if (isShared(message)) return whenReady(hashPieces(digest, piecesOf(message)), bytes => encode(bytes, encoding))
        spend(sizeOf(message))
        return crypto.hashText(digest, message, encoding)
      }),
    hmac(digest, secret, encoding) {
      const sign = crypto.hmac(digest, secret, encoding)
      const { startHash } = crypto
      let pads: { readonly inner: Uint8Array; readonly outer: Uint8Array } | undefined
      return message => {
        if (startHash === undefined || sizeOf(message) < SHARED_FROM_BYTES) {
          spend(sizeOf(message))
          return sign(message)
        }
        // RFC 2104 §2, with a hash that can be begun.
        pads ??= padsOf(startHash, digest, secret)
        const { inner, outer } = pads
        return whenReady(hashPieces(digest, [inner, ...piecesOf(message)]), made =>
          encode(startHash(digest).update(outer).update(made).digest(), encoding),
        )
      }
    },
  }
}

function joinPieces(pieces: Pieces): Uint8Array {
  const all = pieces.map(piece => (typeof piece === 'string' ? utf8(piece) : piece))
  const [only] = all
  return all.length === 1 && only !== undefined ? only : concatBytes(all)
}

function padsOf(startHash: (digest: Digest) => RunningHash, digest: Digest, secret: Uint8Array) {
  const block = BLOCK_BYTES[digest]
  const key = secret.length > block ? startHash(digest).update(secret).digest() : secret
  const pad = (byte: number): Uint8Array => Uint8Array.from({ length: block }, (_, at) => (key[at] ?? 0) ^ byte)
  return { inner: pad(0x36), outer: pad(0x5c) }
}
