import { crypto as platform } from '#crypto'
import { CountersignError } from '../contract/error.ts'
import { isPromise } from '../contract/maybe-promise.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import type { CryptoProvider, SignMessage } from '../crypto/provider.ts'
import { defineScheme } from '../define/define.ts'
import { explain } from '../explain/explain.ts'
import { field, type Recipe } from '../recipe/recipe.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import { checkCrypto } from '../verify/check-options.ts'
import { decodeSecret, encode, fromBase64, fromHex, type SecretEncoding, utf8 } from '../wire/encoding.ts'
import type { Message } from '../wire/message.ts'
import { type Arrangement, arrangements, STAGES } from './arrange.ts'
import { type Context, declare, type Guess } from './declare.ts'
import type { SignedExample } from './example.ts'
import { findSignatures, observe } from './observe.ts'
import { openChoices } from './open-choices.ts'
import { findPieces, type Piece } from './pieces.ts'

export interface InferOptions {
  /** In milliseconds. Default: 20 s. */
  readonly timeoutMs?: number | undefined
  /** Maximum number of messages to try, whatever the machine's speed; then `not-found`. Default: no bound. */
  readonly maxAttempts?: number | undefined
  /**
   * Only every so-many-th message is tried, so that several threads divide a search among them; `index` counts from 0.
   */
  readonly share?: { readonly index: number; readonly of: number } | undefined
  /** Told now and then how far the search is. */
  readonly onProgress?: ((progress: { readonly attempts: number; readonly elapsedMs: number }) => void) | undefined
  readonly crypto?: CryptoProvider | undefined
}

export interface Inference {
  readonly outcome: 'found' | 'not-found' | 'timed-out'
  /** Ready for `defineScheme`. */
  readonly declaration: SchemeDeclaration | undefined
  /** What the examples leave open, with what would settle it. */
  readonly open: readonly string[]
  readonly attempts: number
}

const DEFAULT_TIMEOUT_MS = 20_000
const ATTEMPTS_BEFORE_LOOK = 2048

/**
 * Finds the declaration that makes the signatures of all examples: the search of `explain`, turned round. It knows
 * messages of up to five parts, with one separator between them or with several of the usual ones.
 *
 * @example
 * ```ts
 * const { declaration, open } = await infer([{ method: 'GET', url, headers, secret }])
 * ```
 * @throws CountersignError `option-invalid` without examples, or where no value can be a signature; `url-not-signable`
 */
export async function infer(examples: readonly SignedExample[], options: InferOptions = {}): Promise<Inference> {
  refuseUnknown(options, ['timeoutMs', 'maxAttempts', 'share', 'onProgress', 'crypto'] satisfies (keyof InferOptions)[], 'infer:')
  checkFunctions({ onProgress: options.onProgress })
  checkCrypto(options.crypto)
  const {
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxAttempts = Number.POSITIVE_INFINITY,
    onProgress,
    share = { index: 0, of: 1 },
    crypto = platform,
  } = options
  // The one with the most in it tells the most.
  const [example] = [...examples].sort((a, b) => weightOf(b) - weightOf(a))
  if (example === undefined) throw new CountersignError('option-invalid', 'Give at least one example.')
  const carried = observe(example)
  const sightings = findSignatures(carried)
  if (sightings.length === 0)
    throw new CountersignError(
      'option-invalid',
      'No header and no query parameter of the example is as long as an HMAC (SHA-1, 256, 384 or 512; hexadecimal or base64).',
    )
  const started = Date.now()
  let attempts = 0
  const scenes = await Promise.all(
    sightings.map(async signature => ({ signature, pieces: await findPieces(example, carried, signature.carried, crypto) })),
  )
  for (const stage of STAGES) {
    for (const { signature, pieces } of scenes) {
      const keys = readSecrets(example.secret).map(secret => ({ ...secret, sign: crypto.hmac(signature.digest, secret.bytes, 'hex') }))
      let turn = -1
      for (const arrangement of arrangements(pieces, stage)) {
        turn = (turn + 1) % share.of
        if (turn !== share.index) continue
        const message = write(arrangement)
        for (const key of keys) {
          if (attempts === maxAttempts) return { outcome: 'not-found', declaration: undefined, open: [], attempts }
          attempts++
          if (attempts % ATTEMPTS_BEFORE_LOOK === 0) {
            onProgress?.({ attempts, elapsedMs: Date.now() - started })
            if (Date.now() - started > timeoutMs) return { outcome: 'timed-out', declaration: undefined, open: [], attempts }
          }
          const made = key.sign(message)
          if ((isPromise(made) ? await made : made) !== signature.hex) continue
          const declaration = await confirm({ ...arrangement, signature, secret: key }, pieces, key.sign)
          if (declaration !== undefined) {
            const open = openChoices({ arrangement, signature, examples })
            return { outcome: 'found', declaration, open, attempts }
          }
        }
      }
    }
  }
  return { outcome: 'not-found', declaration: undefined, open: [], attempts }

  /** The declaration, when it can be defined and makes the signature of every example. */
  async function confirm(guess: Guess, pieces: readonly Piece[], sign: SignMessage): Promise<SchemeDeclaration | undefined> {
    const { passphrase } = example ?? {}
    const signedPassphrase = passphrase === undefined ? undefined : fromHex(await sign({ before: passphrase, body: undefined, after: '' }))
    const context: Context = { carried, all: pieces, example: example as SignedExample, signedPassphrase }
    for (const encoding of [guess.signature.encoding, ...guess.signature.alike]) {
      for (const completed of [complete(guess, examples), guess, withPayload(guess)]) {
        const declaration = declare({ ...completed, signature: { ...guess.signature, encoding } }, context)
        if (await fitsAll(declaration, examples)) return declaration
      }
    }
    return undefined
  }
}

/** Where no example has a body and nothing separates the parts, a body would most likely come last. */
function complete(guess: Guess, examples: readonly SignedExample[]): Guess {
  if (guess.separators.some(separator => separator !== '') || guess.pieces.some(({ group }) => group === 'body')) return guess
  if (examples.some(({ body }) => body !== undefined && body.length > 0)) return guess
  const body: Piece = { group: 'body', recipe: field('body'), value: '', carried: undefined, isLikely: true }
  return { ...guess, pieces: [...guess.pieces, body], separators: [...guess.separators, ''] }
}

/** Of a POST, body and payload are the same. */
function withPayload(guess: Guess): Guess {
  return { ...guess, pieces: guess.pieces.map(piece => (isBody(piece.recipe) ? { ...piece, recipe: field('payload') } : piece)) }
}

function isBody(recipe: Recipe): boolean {
  return recipe.op === 'field' && recipe.field === 'body'
}

async function fitsAll(declaration: SchemeDeclaration, examples: readonly SignedExample[]): Promise<boolean> {
  try {
    const scheme = defineScheme(declaration)
    for (const { secret, keyId, passphrase, ...request } of examples) {
      const { outcome } = await explain({ scheme, request, secret, keyId, passphrase, maxAttempts: 1 })
      if (outcome !== 'match') return false
    }
    return true
  } catch (error) {
    if (error instanceof CountersignError) return false
    throw error
  }
}

interface ReadSecret {
  readonly encoding: SecretEncoding
  readonly prefix: string
  readonly bytes: Uint8Array
}

/** Every way to read the secret, each bytes once. */
function readSecrets(text: string): readonly ReadSecret[] {
  const found: ReadSecret[] = []
  const add = (encoding: SecretEncoding, prefix: string, bytes: Uint8Array | undefined): void => {
    if (bytes === undefined || bytes.length === 0) return
    const hex = encode(bytes, 'hex')
    if (!found.some(other => encode(other.bytes, 'hex') === hex)) found.push({ encoding, prefix, bytes })
  }
  const prefix = /^[A-Za-z]+(?:_[A-Za-z]+)*_/.exec(text)?.[0] ?? ''
  for (const start of prefix === '' ? [''] : ['', prefix]) {
    const bare = text.slice(start.length)
    add('utf8', start, utf8(bare))
    if (/^([0-9a-f]{2})+$/i.test(bare)) add('hex', start, fromHex(bare))
    if (fromBase64(bare) !== undefined) add('base64', start, decodeSecret(bare, 'base64'))
  }
  return found
}

function write({ pieces, separators }: Arrangement): Message {
  let before = ''
  let body: Uint8Array | undefined
  let after = ''
  for (const [index, { value }] of pieces.entries()) {
    const lead = separators[index - 1] ?? ''
    if (typeof value !== 'string') {
      before += lead
      body = value
    } else if (body === undefined) before += lead + value
    else after += lead + value
  }
  return { before, body, after }
}

function weightOf({ body, url, method }: SignedExample): number {
  return (body === undefined || body.length === 0 ? 0 : 4) + (url.includes('?') ? 2 : 0) + (method === 'GET' ? 0 : 1)
}
