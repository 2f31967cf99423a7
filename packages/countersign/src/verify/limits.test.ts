import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest, type Verification, type VerifierOptions } from './verify.ts'

const NOW = 1_764_000_000_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5)
const keys = memoryKeys(qredoV1, [{ id: 'k', secret, permissions: ['read', 'write'] }])

function verifier(options: Partial<VerifierOptions> = {}) {
  return createVerifier(qredoV1, { origin: ORIGIN, keys, clock: () => NOW, ...options })
}

function call(target = '/x', method = 'POST', scheme: Scheme = qredoV1) {
  const body = method === 'GET' ? undefined : '{"a":1}'
  const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method, url: ORIGIN + target, body })
  return { method, target, headers: Object.entries(signed.headers) as [string, string][], body: signed.body }
}

const codeOf = (result: Verification): string => (result.ok ? 'ok' : result.failure.code)

describe('a limit', () => {
  it('of a body is the longest that is taken, read or given', async () => {
    for (const [maxBodyBytes, code] of [
      [7, 'ok'],
      [6, 'body-too-large'],
    ] as const) {
      const { body, ...rest } = call()
      expect(codeOf(await verifier({ limits: { maxBodyBytes } }).verify({ ...rest, body }))).toBe(code)
      expect(codeOf(await verifier({ limits: { maxBodyBytes } }).verify({ ...rest, body: async () => body }))).toBe(code)
    }
  })

  it('of a target is the longest that is taken', async () => {
    for (const [length, code] of [
      [100, 'ok'],
      [101, 'malformed-target'],
    ] as const) {
      const target = `/${'a'.repeat(length - 1)}`
      expect(codeOf(await verifier({ limits: { maxTargetLength: 100 } }).verify(call(target)))).toBe(code)
    }
  })

  it('of methods narrows those of only', async () => {
    const { verify } = verifier({ only: { methods: ['POST', 'PUT'] }, limits: { methods: ['POST', 'GET'] } })
    const codes = []
    for (const method of ['POST', 'PUT', 'GET']) codes.push(codeOf(await verify(call('/x', method))))
    expect(codes).toEqual(['ok', 'method-not-allowed', 'method-not-allowed'])
    expect(() => verifier({ limits: { methods: ['post'] } })).toThrow(/option limits\.methods: /)
  })

  it('holds for what a refusal repeats of a call', async () => {
    const { headers } = call()
    const method = 'A'.repeat(50)
    expect(await verifier().verify({ method, target: '/x', headers })).toMatchObject({ failure: { method: 'A'.repeat(20) } })
    const several = verifier({ origin: [ORIGIN, 'https://b.example'] })
    const host = `${'a'.repeat(200)}.example`
    expect(await several.verify({ ...call(), headers: [...headers, ['host', host]] })).toEqual({
      ok: false,
      failure: { code: 'unknown-origin', host: 'a'.repeat(100) },
    })
    expect(await several.verify(call())).toEqual({ ok: false, failure: { code: 'unknown-origin', host: '' } })
  })
})

describe('a body', () => {
  it.each([
    ['nothing', undefined],
    ['no bytes', new Uint8Array()],
  ])('of %s is none, given or read', async (_what, empty) => {
    for (const body of [empty, async () => empty]) {
      const result = await verifier().verify({ ...call('/x', 'GET'), body } as IncomingRequest)
      expect(result).toMatchObject({ ok: true, body: undefined })
    }
  })

  it.each(['GET', 'HEAD'])('of a %s is taken only where that is allowed', async method => {
    const signer = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW, allow: ['body-on-get'] })
    const { headers, body } = signer.sign({ method, url: `${ORIGIN}/x`, body: '{}' })
    const request = { method, target: '/x', headers, body }
    expect(await verifier().verify(request)).toEqual({ ok: false, failure: { code: 'unexpected-body', method } })
    expect(codeOf(await verifier({ allow: ['body-on-get'] }).verify(request))).toBe('ok')
  })

  it('is not read for a call whose time is over', async () => {
    let reads = 0
    const body = async () => {
      reads++
      return undefined
    }
    const late = verifier({ clock: () => NOW + 300_001 })
    expect(codeOf(await late.verify({ ...call(), body }))).toBe('timestamp-out-of-window')
    expect(reads).toBe(0)
  })

  it('is deferred only where it is asked for, and never of a method without one or where a body is required', async () => {
    const deferredOf = async (method: string, deferBody: boolean | undefined, body?: 'required') => {
      let reads = 0
      const signed = call('/x', method, rfc9421)
      const { verify } = createVerifier(rfc9421, {
        origin: ORIGIN,
        keys: memoryKeys(rfc9421, [{ id: 'k', secret }]),
        clock: () => NOW,
        only: body === undefined ? undefined : { body },
      })
      const read = async () => {
        reads++
        return signed.body
      }
      const result = await verify({ ...signed, body: read }, deferBody === undefined ? undefined : { deferBody })
      expect(result).toMatchObject({ ok: true, timestampMs: NOW })
      return [reads, result.ok && result.bodyDigest !== undefined]
    }
    expect(await deferredOf('POST', true)).toEqual([0, true])
    expect(await deferredOf('POST', false)).toEqual([1, false])
    expect(await deferredOf('POST', undefined)).toEqual([1, false])
    expect(await deferredOf('POST', true, 'required')).toEqual([1, false])
    expect(await deferredOf('GET', true)).toEqual([1, false])
  })
})

describe('the time of a call', () => {
  it.each([
    ['the reader of its body', true, false],
    ['the key source', false, true],
  ])('is looked at again once %s has taken its time', async (_what, slowBody, slowKey) => {
    for (const [passes, code] of [
      [300_000, 'ok'],
      [300_001, 'timestamp-out-of-window'],
    ] as const) {
      let now = NOW
      const { body, ...rest } = call()
      const pass = async <T>(answer: T): Promise<T> => {
        now += passes
        return answer
      }
      const find = (id: string) => (slowKey ? pass(keys.find(id)) : keys.find(id))
      const { verify } = verifier({ clock: () => now, keys: { find }, replay: 'off' })
      expect(codeOf(await verify({ ...rest, body: slowBody ? () => pass(body) : body }))).toBe(code)
    }
  })
})

describe('a permission', () => {
  it.each([
    [undefined, 'ok'],
    ['read', 'ok'],
    ['admin', 'permission-denied'],
    [['admin', 'write'], 'ok'],
    [['admin', 'owner'], 'permission-denied'],
    [[], 'permission-denied'],
  ] as const)('%j: one of them is enough (%s)', async (permission, code) => {
    const result = await verifier().verify(call(), { permission })
    expect(codeOf(result)).toBe(code)
    if (!result.ok) expect(result.failure).toEqual({ code, keyId: 'k', required: [permission ?? []].flat() })
  })
})
