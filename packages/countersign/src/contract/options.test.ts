import { describe, expect, it } from 'vitest'
import { checkBodyKept } from '../adapters/node.ts'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { signedFetch } from '../clients/fetch.ts'
import { serverClock } from '../clients/server-clock.ts'
import { qredoTokenClient } from '../clients/token-client.ts'
import { explain } from '../explain/explain.ts'
import { explainRefusals } from '../explain/explain-refusals.ts'
import { infer } from '../infer/infer.ts'
import { createKey, memoryKeys } from '../keys/key.ts'
import { qredo } from '../qredo.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { compileDeprecation, deprecated } from '../verify/deprecation.ts'
import { createVerifier } from '../verify/verify.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
const ORIGIN = 'https://api.example.com'
const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys })
const signer = createSigner(qredoV1, { keyId: 'k', secret })
const onExplained = () => undefined
const request = { method: 'GET', url: `${ORIGIN}/x`, headers: {} }

interface Taker {
  /** Calls the function with these options. */
  readonly call: (options: never) => unknown
  /** Options that are right. */
  readonly right: object
  /** One of its options with a value of another kind. */
  readonly wrong: object
  /** It takes any value that isn't there for no options: what a browser needs has no room for more. */
  readonly isSmall?: boolean
}

/** Every public function that takes options. */
const TAKERS: { readonly [name: string]: Taker } = {
  createVerifier: { call: options => createVerifier(qredoV1, options), right: { origin: ORIGIN, keys }, wrong: { clock: 5 } },
  'createVerifier, limits': {
    call: limits => createVerifier(qredoV1, { origin: ORIGIN, keys, limits }),
    right: { maxBodyBytes: 5 },
    wrong: { maxBodyBytes: '5' },
  },
  deprecated: {
    call: options => deprecated(verifier, { since: '2026-01-01' }, options),
    right: { what: 'scheme' },
    wrong: { onUsed: 5 },
  },
  compileDeprecation: { call: compileDeprecation, right: { since: '2026-01-01' }, wrong: { sunset: 'soon' } },
  memoryReplayGuard: { call: memoryReplayGuard, right: {}, wrong: { maxBytes: '64MiB' } },
  createKey: { call: description => createKey(qredoV1, description), right: { id: 'k', secret }, wrong: { addresses: '10.0.0.1' } },
  memoryKeys: { call: (key: never) => memoryKeys(qredoV1, [key]), right: { id: 'k', secret }, wrong: { permissions: 'read' } },
  explainRefusals: { call: explainRefusals, right: { scheme: qredoV1, keys, onExplained }, wrong: { crypto: 5 } },
  explain: { call: explain, right: { scheme: qredoV1, secret, request }, wrong: { maxAttempts: 'many' } },
  infer: {
    call: options => infer([{ ...request, headers: { a: 'f'.repeat(64), b: '1764000000' }, secret }], options),
    right: { maxAttempts: 1 },
    wrong: { onProgress: 5 },
  },
  createSigner: { call: options => createSigner(qredoV1, { keyId: 'k', secret }, options), right: {}, wrong: { clock: 5 }, isSmall: true },
  'createSigner, credentials': {
    call: credentials => createSigner(qredoV1, credentials),
    right: { keyId: 'k', secret },
    wrong: { passphrase: 'x' },
    isSmall: true,
  },
  signedFetch: { call: options => signedFetch(signer, options), right: {}, wrong: { maxRedirects: 'none' }, isSmall: true },
  serverClock: { call: serverClock, right: {}, wrong: { maxOffsetMs: 'any' } },
  qredoTokenClient: {
    call: qredoTokenClient,
    right: { baseUrl: `${ORIGIN}/api/v2`, workspaceId: 'w', keyId: 'k', secret },
    wrong: { clock: 5 },
  },
  qredo: { call: options => qredo(secret, options), right: {}, wrong: { json: 'python' } },
  checkBodyKept: {
    call: (options: never) => checkBodyKept((_request, response) => response.end(), options),
    right: { path: '/' },
    wrong: {},
  },
  httpMessageSignatures: { call: httpMessageSignatures, right: {}, wrong: { digest: 'md5' } },
  draftSignatures: { call: draftSignatures, right: {}, wrong: { headers: 'date' } },
}

/** Whether it throws or rejects. */
async function refusalOf({ call }: Taker, options: unknown): Promise<unknown> {
  try {
    await call(options as never)
    return undefined
  } catch (error) {
    return error
  }
}

const INVALID = expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/\w.*\.$/) }) as unknown
const bySentence = Object.entries(TAKERS)

describe('options that would be dropped without a word, or fail later, are refused with a sentence', () => {
  it.each(bySentence)('%s: none that is misspelled', async (_name, taker) => {
    expect(await refusalOf(taker, { ...taker.right, [misspelled(taker)]: 1 })).toEqual(INVALID)
  })

  it.each(bySentence.filter(([, { isSmall }]) => isSmall !== true))('%s: nothing but an object', async (_name, taker) => {
    for (const given of [null, 64, '64MiB', []]) expect(await refusalOf(taker, given)).toEqual(INVALID)
  })

  it.each(bySentence.filter(([, { wrong }]) => Object.keys(wrong).length > 0))('%s: none of another kind', async (_name, taker) => {
    expect(await refusalOf(taker, { ...taker.right, ...taker.wrong })).toEqual(INVALID)
  })

  it.each(bySentence.filter(([name]) => name !== 'checkBodyKept'))('%s takes what is right', async (_name, taker) => {
    expect(await refusalOf(taker, taker.right)).toBeUndefined()
  })

  it.each<readonly [string, () => unknown, RegExp]>([
    [
      'no options',
      () => createVerifier(qredoV1, undefined as never),
      /^createVerifier: an object with options is wanted; got undefined\.$/,
    ],
    [
      'an origin that is null',
      () => createVerifier(qredoV1, { origin: null, keys } as never),
      /^createVerifier wants the option origin.*got null/,
    ],
    ['an origin that is a number', () => createVerifier(qredoV1, { origin: 5, keys } as never), /got 5\.$/],
    ['origins of numbers', () => createVerifier(qredoV1, { origin: [5], keys } as never), /got \[5\]\.$/],
    [
      'an allowance without a list',
      () => createVerifier(qredoV1, { origin: ORIGIN, keys, allow: 'x' } as never),
      /^The option allow is a list/,
    ],
    ['cryptography without functions', () => createVerifier(qredoV1, { origin: ORIGIN, keys, crypto: {} } as never), /^The option crypto/],
    [
      'limits in a list',
      () => createVerifier(qredoV1, { origin: ORIGIN, keys, limits: [] } as never),
      /^createVerifier, limits: an object/,
    ],
    [
      'nobody to tell',
      () => explainRefusals({ scheme: qredoV1, keys } as never),
      /^The option onExplained is a function; got undefined\.$/,
    ],
    ['nothing to explain', () => explainRefusals(undefined as never), /^explainRefusals: an object/],
    ['no scheme', () => explainRefusals({ keys, onExplained } as never), /^The option scheme is/],
    ['a scheme with logic', () => explainRefusals({ scheme: rfc9421, keys, onExplained } as never), /can't be explained\.$/],
    ['a bigint', () => memoryReplayGuard(64n as never), /got bigint\.$/],
    [
      'a key with a misspelled field',
      () => createKey(qredoV1, { id: 'k', secret, adresses: [] } as never),
      /field adresses; did you mean addresses\?/,
    ],
    [
      'a key that should have ended',
      () => memoryKeys(qredoV1, [{ id: 'k', secret, expireAtMs: 1 } as never]),
      /did you mean expiresAtMs\?/,
    ],
    ['a deprecation of nothing', () => deprecated(verifier, { since: 0 }, { what: 'key' } as never), /^The option what: Unknown kind key/],
  ])('in words: %s', (_what, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) as string }))
  })
})

/** The name of an option with a letter too many. */
function misspelled({ right, wrong }: Taker): string {
  return `${Object.keys(wrong)[0] ?? Object.keys(right)[0]}s`
}
