import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { memoryKeys } from './keys.ts'
import type { Scheme } from './scheme.ts'
import { awsSigV4, httpSignaturesDraft12, qredoV1, rfc9421 } from './schemes/index.ts'
import { createSigner } from './sign.ts'
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

  it('is confirmed once it is there: its key may have been revoked meanwhile', async () => {
    const keys = memoryKeys(rfc9421, [{ id: 'k', secret }])
    const { verify } = createVerifier(rfc9421, { origin, keys })
    const { headers } = createSigner(rfc9421, { keyId: 'k', secret }).sign({ method: 'POST', url: `${origin}/x`, body })
    const result = await verify({ method: 'POST', target: '/x', headers }, { deferBody: true })
    if (!result.ok) throw new Error(result.failure.code)
    expect(await result.confirm?.()).toBeUndefined()
    keys.set({ id: 'k', secret, state: 'revoked' })
    expect(await result.confirm?.()).toMatchObject({ code: 'key-revoked' })
    keys.delete('k')
    expect(await result.confirm?.()).toMatchObject({ code: 'unknown-key' })
  })
})
