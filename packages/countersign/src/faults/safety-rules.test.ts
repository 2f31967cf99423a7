import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toProblem } from '../contract/problem.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard, type ReplayGuard } from '../replay/replay.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { qredoPartner, qredoV1, qredoV2 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest, type Verification, type VerifierOptions } from '../verify/verify.ts'

const NOW = 1_647_356_399_123
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(60, 5).toString('base64')
const signer = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW, allow: ['ambiguous-request', 'body-on-get'] })

function verifier(options: Partial<VerifierOptions> = {}) {
  return createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), clock: () => NOW, ...options })
}

function request(method: string, target: string, body?: string, timestamp?: string): IncomingRequest {
  const signed = signer.sign({ method, url: ORIGIN + target, body, timestamp })
  return { method, target, headers: Object.entries(signed.headers), body: signed.body }
}

function codeOf(result: Verification): string {
  return result.ok ? 'ok' : result.failure.code
}

describe('Rule 1. The URL is ours, not the client’s', () => {
  it('verifies for the configured origin, whatever Host and X-Forwarded-* say', async () => {
    const signed = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }).sign({
      method: 'GET',
      url: 'https://evil.example/x',
    })
    for (const forged of [
      ['host', 'evil.example'],
      ['x-forwarded-host', 'evil.example'],
      ['forwarded', 'host=evil.example;proto=https'],
    ] as [string, string][]) {
      const headers = [...Object.entries(signed.headers), forged]
      expect(codeOf(await verifier().verify({ method: 'GET', target: '/x', headers }))).toBe('bad-signature')
    }
    expect(
      codeOf(
        await verifier().verify({
          ...request('GET', '/x'),
          headers: [...(request('GET', '/x').headers as [string, string][]), ['host', 'evil.example']],
        }),
      ),
    ).toBe('ok')
  })

  it('uses the raw request target, not a normalised one', async () => {
    for (const target of ['/a/../b', '/a//b', '/%7euser', '/x?b=2&a=1', '/x?']) {
      expect(codeOf(await verifier().verify(request('GET', target)))).toBe('ok')
      const normalised = new URL(ORIGIN + target)
      if (normalised.pathname + normalised.search !== target)
        expect(codeOf(await verifier().verify({ ...request('GET', target), target: normalised.pathname + normalised.search }))).toBe(
          'bad-signature',
        )
    }
  })

  it('puts back the base path that a proxy took off', async () => {
    const { verify } = verifier({ origin: `${ORIGIN}/public` })
    expect(codeOf(await verify({ ...request('GET', '/public/x'), target: '/x' }))).toBe('ok')
  })
})

describe('Rule 2. No delimiter, no ambiguity', () => {
  it('refuses the attack: bytes moved from the body to the URL under one signature', async () => {
    // The client signs POST /x with body 1. The same bytes, and so the same signature, are POST /x1 with no body.
    const honest = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: '1', timestamp: '1647356399' })
    const moved = signer.sign({ method: 'POST', url: `${ORIGIN}/x1`, timestamp: '1647356399' })
    expect(moved.headers).toEqual(honest.headers)
    const { verify } = verifier()
    const asSigned = await verify({ method: 'POST', target: '/x', headers: honest.headers, body: honest.body })
    expect(asSigned).toMatchObject({ ok: false, failure: { code: 'ambiguous-request', between: '{url} and {body}' } })
  })

  it('refuses every other split of what a JSON call signs', async () => {
    const target = '/qapi/v1/transaction'
    const body = '{"to":"0x1","value":"1"}'
    const { headers } = signer.sign({ method: 'POST', url: ORIGIN + target, body, timestamp: '1647356399' })
    const whole = `POST${ORIGIN}${target}${body}`
    for (let at = `POST${ORIGIN}`.length; at <= whole.length; at++) {
      const split = { target: whole.slice(`POST${ORIGIN}`.length, at), body: Buffer.from(whole.slice(at)) }
      const code = codeOf(await verifier().verify({ method: 'POST', headers, ...split }))
      expect(code === 'ok', `${split.target} | ${split.body}`).toBe(split.target === target)
    }
  })

  it('refuses bytes moved between timestamp and method, and method and URL', async () => {
    const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/`, timestamp: '1647356399' })
    for (const [method, timestamp] of [
      ['9GET', '164735639'],
      ['ET', '1647356399G'],
      ['GEThttps', '1647356399'],
    ] as const)
      expect(codeOf(await verifier().verify({ method, target: '/', headers: { ...headers, 'qredo-api-ts': timestamp } }))).not.toBe('ok')
  })

  it('lets a body begin with {, [, " or white space, and nothing that a URL could hold', async () => {
    for (const body of ['{}', '[1]', '"x"', ' 1', '\n{}', 'é'])
      expect(codeOf(await verifier().verify(request('POST', '/x', body))), body).toBe('ok')
    for (const body of ['1', 'a=b', '/x', '?', '%7B', '-1', 'true', 'null', ':', ']']) {
      const expected = body === ']' ? 'ok' : 'ambiguous-request'
      expect(codeOf(await verifier().verify(request('POST', '/x', body))), body).toBe(expected)
    }
  })

  it('takes such a body when the operator opts in by name', async () => {
    expect(codeOf(await verifier({ allow: ['ambiguous-request'] }).verify(request('POST', '/x', 'a=b')))).toBe('ok')
  })

  it('lets GET and HEAD carry no body', async () => {
    for (const method of ['GET', 'HEAD']) {
      expect(codeOf(await verifier().verify(request(method, '/x', '{}')))).toBe('unexpected-body')
      expect(codeOf(await verifier({ allow: ['body-on-get'] }).verify(request(method, '/x', '{}')))).toBe('ok')
    }
  })

  it('refuses a URL with a character that RFC 3986 does not allow there', async () => {
    for (const char of ['{', '"', ' ', '[', '\u0000', '\n', '|', '\\', '^', 'é']) {
      const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x`, timestamp: '1647356399' })
      expect(codeOf(await verifier().verify({ method: 'GET', target: `/x${char}`, headers }))).toBe('malformed-target')
    }
  })

  it('wants each signed header exactly once', async () => {
    const good = request('GET', '/x')
    for (const [name, value] of good.headers as [string, string][]) {
      const twice = [...(good.headers as [string, string][]), [name.toUpperCase(), value]] as [string, string][]
      expect(codeOf(await verifier().verify({ ...good, headers: twice }))).toBe('duplicate-header')
    }
  })
})

describe('Rule 3. Compare in constant time, decode strictly', () => {
  it('accepts one spelling of a signature', async () => {
    const good = request('GET', '/x')
    const headers = Object.fromEntries(good.headers as [string, string][])
    const signature = headers['qredo-api-sig'] ?? ''
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 43 characters hold 258 bits: the last two are not part of the signature, and have to be 0.
    const sameBytes = signature.slice(0, -1) + last.charAt(last.indexOf(signature.slice(-1)) + 1)
    expect(Buffer.from(sameBytes, 'base64url')).toEqual(Buffer.from(signature, 'base64url'))
    const others = [
      sameBytes,
      `${signature}=`,
      ` ${signature}`,
      `${signature} `,
      `${signature}\n`,
      Buffer.from(signature, 'base64url').toString('hex'),
      `${signature},${signature}`,
    ]
    for (const other of others)
      expect(codeOf(await verifier().verify({ ...good, headers: { ...headers, 'qredo-api-sig': other } })), JSON.stringify(other)).toMatch(
        /^(bad|malformed)-signature$/,
      )
    const standard = signature.replaceAll('-', '+').replaceAll('_', '/')
    if (standard !== signature)
      expect(codeOf(await verifier().verify({ ...good, headers: { ...headers, 'qredo-api-sig': standard } }))).toBe('malformed-signature')
  })

  it('says so when a signature is right but for its padding', async () => {
    const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/a` })
    const request = { method: 'GET', target: '/a', headers: { ...headers, 'qredo-api-sig': `${headers['qredo-api-sig']}=` } }
    const padded = await verifier().verify(request)
    expect(padded).toMatchObject({ ok: false, failure: { code: 'malformed-signature', padding: 'unwanted' } })
    expect(padded.ok ? '' : toProblem(padded.failure).detail).toBe('The signature in qredo-api-sig is padded: take the "=" off its end.')
    const inHex = await verifier().verify({ ...request, headers: { ...headers, 'qredo-api-sig': 'a'.repeat(64) } })
    expect(inHex.ok ? '' : toProblem(inHex.failure).detail).toContain('wrong length or alphabet')
  })

  it('answers a stranger the same for an unknown key and a wrong signature', () => {
    expect(toProblem({ code: 'unknown-key', keyId: 'x' })).toEqual(toProblem({ code: 'bad-signature', keyId: 'x' }))
  })

  it('does the same work for an unknown key as for a known one', async () => {
    const lookUps: string[] = []
    const reads: string[] = []
    const { verify } = verifier({
      keys: {
        find: id => {
          lookUps.push(id)
          return undefined
        },
      },
    })
    const signed = request('POST', '/x', '{}')
    const result = await verify({
      ...signed,
      body: async () => {
        reads.push('body')
        return signed.body as Uint8Array
      },
    })
    expect([codeOf(result), lookUps, reads]).toEqual(['unknown-key', ['k'], ['body']])
  })

  it('tells what is wrong with a key only to who can sign with it', async () => {
    const keys = memoryKeys(qredoV1, [{ id: 'k', secret, state: 'revoked' }])
    const stranger = createSigner(qredoV1, { keyId: 'k', secret: Buffer.alloc(60, 1) }, { clock: () => NOW }).sign({
      method: 'GET',
      url: `${ORIGIN}/x`,
    })
    expect(codeOf(await verifier({ keys }).verify({ method: 'GET', target: '/x', headers: stranger.headers }))).toBe('bad-signature')
    expect(codeOf(await verifier({ keys }).verify(request('GET', '/x')))).toBe('key-revoked')
  })
})

describe('Rule 4. A replay is refused', () => {
  it('on every method that changes something, whatever the unit of its timestamp', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const timestamp of ['1647356399', '1647356399123', '1647356399123456', '1647356399123456789']) {
        const { verify } = verifier()
        const call = request(method, '/x', undefined, timestamp)
        expect([codeOf(await verify(call)), codeOf(await verify(call))]).toEqual(['ok', 'replayed'])
      }
    }
  })

  it('on GET with a nanosecond timestamp, and not with one in seconds, which two equal calls may share', async () => {
    const { verify } = verifier()
    const fine = request('GET', '/x', undefined, '1647356399123456789')
    expect([codeOf(await verify(fine)), codeOf(await verify(fine))]).toEqual(['ok', 'replayed'])
    const coarse = request('GET', '/x', undefined, '1647356399')
    expect([codeOf(await verify(coarse)), codeOf(await verify(coarse))]).toEqual(['ok', 'ok'])
  })

  it('when a nonce comes a second time, even with another timestamp or body', async () => {
    const { publicKey, privateKey } = (await import('node:crypto')).generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const partner = createSigner(qredoPartner, { keyId: 'p', privateKey })
    const { verify } = createVerifier(qredoPartner, {
      origin: ORIGIN,
      keys: memoryKeys(qredoPartner, [{ id: 'p', publicKey }]),
      only: { methods: ['POST'] },
    })
    const send = (body: string) => {
      const signed = partner.sign({ method: 'POST', url: `${ORIGIN}/x`, body, nonce: 'n-1' })
      return verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })
    }
    expect([codeOf(await send('{"a":1}')), codeOf(await send('{"a":2}'))]).toEqual(['ok', 'replayed'])
  })

  it('and when the guard is away or full the call is refused, never guessed', async () => {
    const down = (): never => {
      throw new Error('down')
    }
    const answerOf = async (replay: ReplayGuard): Promise<string> => codeOf(await verifier({ replay }).verify(request('POST', '/x')))
    for (const away of [down, () => Promise.reject(new Error('down')), () => 'unsure' as const, () => undefined as never])
      expect(await answerOf({ claim: away })).toBe('replay-guard-unavailable')
    for (const full of [{ claim: () => 'full' as const }, { claim: async () => 'full' as const }])
      expect(await answerOf(full)).toBe('replay-guard-full')
  })

  it('and only authentic calls fill the guard', async () => {
    const replay = memoryReplayGuard({ clock: () => NOW })
    const { verify } = verifier({ replay })
    const good = request('POST', '/x')
    for (let index = 0; index < 100; index++)
      await verify({
        ...good,
        headers: { ...Object.fromEntries(good.headers as [string, string][]), 'qredo-api-sig': String(index).padStart(43, 'A') },
      })
    expect(replay.usage().claims).toBe(0)
    await verify(good)
    expect(replay.usage().claims).toBe(1)
  })
})

describe('Rule 5. Secrets never show', () => {
  it('not in a signer, a verifier, a verified call or a refusal, however they are printed', async () => {
    const { verify } = verifier()
    const printed = [
      signer,
      verifier(),
      await verify(request('POST', '/x')),
      await verify(request('POST', '/x')),
      await verify({ ...request('POST', '/x'), target: '/y' }),
    ]
      .map(value => `${inspect(value, { depth: 20, showHidden: true })}${JSON.stringify(value)}`)
      .join('\n')
    expect(printed).not.toContain(secret.slice(0, 12))
    expect(printed).not.toMatch(/05 05 05|5, 5, 5|\\x05\\x05/)
  })

  it('and two secrets may be live during a rotation, no more', async () => {
    const next = Buffer.alloc(60, 6).toString('base64')
    const { verify } = verifier({ keys: memoryKeys(qredoV1, [{ id: 'k', secrets: [next, secret] }]) })
    expect(codeOf(await verify(request('POST', '/old')))).toBe('ok')
    const signed = createSigner(qredoV1, { keyId: 'k', secret: next }, { clock: () => NOW }).sign({ method: 'POST', url: `${ORIGIN}/new` })
    expect(codeOf(await verify({ method: 'POST', target: '/new', headers: signed.headers }))).toBe('ok')
    expect(() => memoryKeys(qredoV1, [{ id: 'k', secrets: [next, secret, next] }])).toThrow(/at most 2 live secrets/)
  })
})

describe('Rule 6. Clocks', () => {
  it('has a window of five minutes either way', async () => {
    for (const [skew, code] of [
      [-300_000, 'ok'],
      [-300_001, 'timestamp-out-of-window'],
      [300_000, 'ok'],
      [300_001, 'timestamp-out-of-window'],
    ] as const)
      expect(codeOf(await verifier().verify(request('POST', '/x', undefined, String(NOW + skew)))), String(skew)).toBe(code)
    expect(codeOf(await verifier({ toleranceMs: 1_000 }).verify(request('POST', '/x', undefined, String(NOW - 1_001))))).toBe(
      'timestamp-out-of-window',
    )
  })

  it('tells the server’s time with a refusal for time', async () => {
    const result = await verifier().verify(request('POST', '/x', undefined, '1547356399'))
    expect(result.ok ? undefined : toProblem(result.failure)).toMatchObject({
      code: 'timestamp-out-of-window',
      status: 401,
      serverTime: '2022-03-15T14:59:59.123Z',
    })
  })
})

describe('Rule 7. An empty or short secret is refused', () => {
  it('where a signer, a verifier’s key or a key is made', () => {
    for (const [bytes, code] of [
      [0, 'secret-missing'],
      [1, 'secret-too-short'],
      [15, 'secret-too-short'],
    ] as const) {
      const short = Buffer.alloc(bytes, 1).toString('base64')
      for (const scheme of [qredoV1, qredoV2] as readonly Scheme[]) {
        expect(() => createSigner(scheme, { keyId: 'k', secret: short })).toThrow(expect.objectContaining({ code }))
        expect(() => memoryKeys(scheme, [{ id: 'k', secret: short }])).toThrow(expect.objectContaining({ code }))
      }
    }
    expect(() => createSigner(qredoV1, { keyId: 'k', secret: Buffer.alloc(16, 1).toString('base64') })).not.toThrow()
  })
})

describe('Any single-bit change', () => {
  it('to method, URL, query, body, timestamp, key id or signature is refused, over 12,000 cases', async () => {
    const target = '/qapi/v1/transaction?archived=true&name=a%20b'
    const bodyText = '{"to":"0x1","value":"1000","note":"für 5 €"}'
    const signed = signer.sign({ method: 'POST', url: ORIGIN + target, body: bodyText, timestamp: '1647356399123456789' })
    const good = {
      method: 'POST',
      target,
      body: bodyText,
      key: 'k',
      ts: signed.headers['qredo-api-ts'] ?? '',
      sig: signed.headers['qredo-api-sig'] ?? '',
    }
    const { verify } = verifier({ replay: 'off' })
    const send = (part: { method: string; target: string; key: string; ts: string; sig: string }, body: Uint8Array) =>
      verify({
        method: part.method,
        target: part.target,
        headers: { 'qredo-api-key': part.key, 'qredo-api-ts': part.ts, 'qredo-api-sig': part.sig },
        body,
      })
    expect(codeOf(await send(good, Buffer.from(bodyText)))).toBe('ok')
    let cases = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('method', 'target', 'body', 'key', 'ts', 'sig' as const),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        async (part, position, bit) => {
          const bytes = Buffer.from(good[part])
          const at = position % bytes.length
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
          const changed = part === 'body' ? good : { ...good, [part]: bytes.toString('latin1') }
          expect(await send(changed, part === 'body' ? bytes : Buffer.from(bodyText))).toMatchObject({ ok: false })
          cases++
        },
      ),
      { seed: 14, numRuns: 12_000 },
    )
    expect(cases).toBeGreaterThanOrEqual(10_000)
    expect(codeOf(await send(good, Buffer.from(bodyText)))).toBe('ok')
  })
})
