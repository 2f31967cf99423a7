import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../crypto/provider.ts'
import { crypto as webCrypto } from '../crypto/web.ts'
import { defineScheme } from '../define/define.ts'
import { createKey, type KeyDescription, memoryKeys } from '../keys/key.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { awsSigV4, httpSignaturesDraft12, qredoV1, rfc9421, SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import type { Refusal } from './types.ts'
import { createVerifier } from './verify.ts'

const origin = 'https://api.example.com'
const secret = Buffer.alloc(60, 7).toString('base64')
const body = '{"a":1}'

function prepare(scheme: Scheme) {
  const parameters = scheme === awsSigV4 ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {}
  const { verify } = createVerifier(scheme, { origin, keys: memoryKeys(scheme, [{ id: 'k', secret }]), replay: 'off' })
  const { headers } = createSigner(scheme, { keyId: 'k', secret }, parameters).sign({ method: 'POST', url: `${origin}/x`, body })
  let reads = 0
  const read = (change: Record<string, string> = {}, method = 'POST') =>
    verify(
      {
        method,
        target: '/x',
        headers: { host: 'api.example.com', ...headers, ...change },
        body: async () => {
          reads++
          return new TextEncoder().encode(body)
        },
      },
      { deferBody: true },
    )
  return { read, headers, countReads: () => reads }
}

describe('a body that is left unread', () => {
  it.each([
    ['rfc9421', rfc9421, 'base64'],
    ['http-signatures-draft-12', httpSignaturesDraft12, 'base64'],
  ] as const)('is told of by the digest that %s signs', async (_name, scheme, encoding) => {
    const { read, countReads } = prepare(scheme)
    const result = await read()
    expect(result).toMatchObject({
      ok: true,
      body: undefined,
      bodyDigest: { algorithm: 'sha256', encoding, text: createHash('sha256').update(body).digest(encoding) },
    })
    expect(countReads()).toBe(0)
  })

  it('is read all the same where its digest is not signed by itself, or not stated', async () => {
    for (const scheme of [qredoV1, awsSigV4]) {
      const { read, countReads } = prepare(scheme)
      const result = await read()
      expect(result).toMatchObject({ ok: true })
      expect(result).not.toHaveProperty('bodyDigest')
      expect(countReads()).toBe(1)
    }
  })

  it('is not taken on a digest that was changed', async () => {
    const { read } = prepare(rfc9421)
    const other = createHash('sha256').update('{"a":2}').digest('base64')
    expect(await read({ 'content-digest': `sha-256=:${other}:` })).toMatchObject({ failure: { code: 'bad-signature' } })
    // Two of them: which one counts is not for others to find out, so it is read here.
    expect(await read({ 'content-digest': `sha-256=:${other}:, sha-512=:AAAA:` })).toMatchObject({ failure: { code: 'digest-mismatch' } })
  })

  describe('is confirmed once it is there', () => {
    const pairs = [1, 2].map(() =>
      generateKeyPairSync('ed25519', {
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }),
    )
    const other = Buffer.alloc(60, 8).toString('base64')
    const own = defineScheme({
      name: 'own-digest',
      title: 'Own',
      algorithm: 'hmac-sha256',
      message: '{method} {url} {timestamp} {body|sha256|base64}',
      signature: { encoding: 'base64' },
      timestamp: { formats: ['seconds'] },
      headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-digest': '{body|sha256|base64}', 'x-sig': '{signature}' },
    })
    interface Case {
      readonly scheme: Scheme
      readonly credentials: Pick<Credentials, 'secret' | 'privateKey'>
      readonly proves: Partial<KeyDescription>
      /** What a key has in its place once it was replaced. */
      readonly replaced: Partial<KeyDescription>
    }
    const withSecret = { credentials: { secret }, proves: { secret }, replaced: { secret: other } }
    const withPair = {
      credentials: { privateKey: pairs[0]?.privateKey ?? '' },
      proves: { publicKey: pairs[0]?.publicKey },
      replaced: { publicKey: pairs[1]?.publicKey },
    }
    const cases: readonly Case[] = [
      ...SCHEMES.filter(({ keys }) => keys !== 'key-pair').map(scheme => ({ scheme, ...withSecret })),
      { scheme: own, ...withSecret },
      ...SCHEMES.filter(({ algorithms }) => algorithms.includes('ed25519')).map(scheme => ({ scheme, ...withPair })),
    ]

    /** A call whose body was left unread; `undefined` for the schemes that read it. */
    async function defer({ scheme, credentials, proves }: Case) {
      const passphrase = scheme.hasPassphrase ? 'pass' : undefined
      const describeKey = (change: Partial<KeyDescription>) => ({ id: 'k', passphrase, permissions: ['write'], ...change })
      const keys = memoryKeys(scheme, [describeKey(proves)])
      const only = { methods: ['POST'], paths: 'any', query: 'any', body: 'any' } as const
      let passed = 0
      const clock = (): number => Date.now() + passed
      const verifier = createVerifier(scheme, { origin, keys, only, clock, ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}) })
      const parameters = scheme.name.startsWith('aws') ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {}
      const keyId = scheme.keyId === 'none' ? undefined : 'k'
      const signer = createSigner(
        scheme,
        { keyId, passphrase, ...credentials },
        { ...parameters, allow: ['body-on-get', 'ambiguous-request'] },
      )
      // Kraken's bodies are forms.
      const sent = scheme.name === 'kraken' ? 'a=1' : body
      const { url, headers, body: signed } = signer.sign({ method: 'POST', url: `${origin}/x`, body: sent })
      const result = await verifier.verify(
        {
          method: 'POST',
          target: url.slice(origin.length),
          headers: { host: 'api.example.com', ...headers },
          body: signed,
        },
        { deferBody: true, permission: 'write' },
      )
      if (!result.ok) throw new Error(`${scheme.name}: ${result.failure.code}`)
      if (result.bodyDigest === undefined) return undefined
      return {
        confirm: result.confirm,
        set: (change: Partial<KeyDescription>) => keys.set(describeKey(change)),
        remove: () => keys.delete('k'),
        wait: (ms: number) => {
          passed = ms
        },
      }
    }

    it('in these schemes', async () => {
      const names = await Promise.all(cases.map(async one => ((await defer(one)) === undefined ? [] : [one.scheme.name])))
      expect([...new Set(names.flat())].sort()).toEqual(['http-signatures-draft-12', 'own-digest', 'rfc9421'])
    })

    it.each<[string, (one: Case) => Partial<KeyDescription>, string | undefined]>([
      ['nothing', ({ proves }) => proves, undefined],
      ['a revoked key', ({ proves }) => ({ ...proves, state: 'revoked' }), 'key-revoked'],
      ['a disabled key', ({ proves }) => ({ ...proves, state: 'disabled' }), 'key-disabled'],
      ['an expired key', ({ proves }) => ({ ...proves, expiresAtMs: 1 }), 'key-expired'],
      ['an address that is not its own any more', ({ proves }) => ({ ...proves, addresses: ['10.0.0.1'] }), 'address-not-allowed'],
      ['a permission that was taken away', ({ proves }) => ({ ...proves, permissions: ['read'] }), 'permission-denied'],
      ['a secret or public key that was replaced', ({ replaced }) => replaced, 'bad-signature'],
      [
        'one that was replaced, of a key that was revoked as well: whose it was is not told',
        ({ replaced }) => ({ ...replaced, state: 'revoked' }),
        'bad-signature',
      ],
      [
        'a secret that has another beside it',
        ({ proves, replaced }) => (proves.secret === undefined ? proves : { secrets: [replaced.secret ?? '', proves.secret] }),
        undefined,
      ],
    ])('against %s', async (_name, change, code) => {
      for (const one of cases) {
        const deferred = await defer(one)
        deferred?.set(change(one))
        if (deferred !== undefined) expect([one.scheme.name, (await deferred.confirm?.())?.failure.code]).toEqual([one.scheme.name, code])
      }
    })

    it('against a time that is over by then', async () => {
      for (const one of cases) {
        const deferred = await defer(one)
        if (deferred === undefined) continue
        deferred.wait(200_000)
        expect([one.scheme.name, await deferred.confirm?.()]).toEqual([one.scheme.name, undefined])
        deferred.wait(400_000)
        expect([one.scheme.name, (await deferred.confirm?.())?.failure.code]).toEqual([one.scheme.name, 'timestamp-out-of-window'])
      }
    })

    it.each([
      ['fails', async (): Promise<never> => Promise.reject(new Error('away'))],
      ['does not answer', () => new Promise<never>(() => undefined)],
    ] as const)('with cryptography that %s then', async (_what, digest) => {
      let isBroken = false
      const slow: CryptoProvider = {
        ...webCrypto,
        hmac: (...given) => {
          const sign = webCrypto.hmac(...given)
          return message => (isBroken ? digest() : sign(message))
        },
      }
      const { headers } = createSigner(rfc9421, { keyId: 'k', secret }).sign({ method: 'POST', url: `${origin}/x`, body })
      const verifier = createVerifier(rfc9421, {
        origin,
        // Another key each time, as when a store reads it again.
        keys: { find: () => createKey(rfc9421, { id: 'k', secret }) },
        crypto: slow,
        limits: { sourceTimeoutMs: 30 },
      })
      const result = await verifier.verify({ method: 'POST', target: '/x', headers }, { deferBody: true })
      isBroken = true
      expect(result.ok ? await result.confirm?.() : result).toMatchObject({
        failure: { code: 'key-source-unavailable' },
        cause: expect.any(Error),
      })
    })

    it('against a key that is gone, or a key source that is away', async () => {
      const [one] = cases.filter(({ scheme }) => scheme === rfc9421)
      const deferred = one && (await defer(one))
      deferred?.remove()
      expect(await deferred?.confirm?.()).toMatchObject({ ok: false, failure: { code: 'unknown-key', keyId: 'k' } })
      let isAway = false
      let isBroken = false
      const away = new Error('away')
      const told: Refusal[] = []
      const held = createKey(rfc9421, { id: 'k', secret })
      const find = async () => (isAway ? Promise.reject(away) : held)
      const { headers } = createSigner(rfc9421, { keyId: 'k', secret }).sign({ method: 'POST', url: `${origin}/x`, body })
      const result = await createVerifier(rfc9421, {
        origin,
        keys: { find },
        clock: () => (isBroken ? Number.NaN : Date.now()),
        onRefused: refusal => void told.push(refusal),
      }).verify({ method: 'POST', target: '/x', headers }, { deferBody: true })
      isAway = true
      const confirm = async () => (result.ok ? result.confirm?.() : undefined)
      expect(await confirm()).toEqual({ ok: false, failure: { code: 'key-source-unavailable' }, cause: away })
      isAway = false
      expect(await confirm()).toBe(undefined)
      isBroken = true
      expect(await confirm()).toMatchObject({ failure: { code: 'verifier-failed' }, cause: expect.any(Error) })
      expect(told.map(({ failure }) => failure.code)).toEqual(['key-source-unavailable', 'verifier-failed'])
    })
  })
})
