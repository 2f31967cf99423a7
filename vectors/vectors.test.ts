import { execFileSync, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createSigner, createVerifier, type DeclaredScheme, defineScheme, isDeclared, memoryKeys, pythonJson } from 'countersign'
import { qredoV1, SCHEMES, schemeNamed } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { decodeSecret, decodeStrictly, encode, utf8 } from '../packages/countersign/src/wire/encoding.ts'
import pythonJsonVectors from './python-json.json' with { type: 'json' }
import qredoV1Vectors from './qredo-v1.json' with { type: 'json' }
import rfc4231 from './rfc4231.json' with { type: 'json' }
import rfc4648 from './rfc4648.json' with { type: 'json' }
import schemeVectors from './schemes.json' with { type: 'json' }
import undeclared from './undeclared.json' with { type: 'json' }

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('the vectors', () => {
  it.skipIf(!hasPython)('are what their generator writes (needs python3)', () => {
    execFileSync('python3', ['vectors/generate.py', '--check'], { cwd: new URL('..', import.meta.url) })
  })
})

describe('RFC 4648', () => {
  it.each(rfc4648.vectors)('$text', ({ text, base64, base16 }) => {
    expect(encode(utf8(text), 'base64')).toBe(base64)
    expect(encode(utf8(text), 'hex-upper')).toBe(base16)
    expect(decodeStrictly(base64, 'base64')).toEqual(utf8(text))
    expect(decodeStrictly(base16, 'hex-upper')).toEqual(utf8(text))
  })
})

describe('RFC 4231', () => {
  const body = defineScheme({
    name: 'rfc4231',
    title: 'RFC 4231',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'hex' },
    message: '{body}',
    signature: { encoding: 'hex' },
    headers: { mac: '{signature}' },
  }).declaration

  it.each(rfc4231.vectors)('case $case, $digest', ({ digest, key, data, mac }) => {
    const scheme = defineScheme({ ...body, algorithm: `hmac-${digest as 'sha256'}` })
    const signer = createSigner(scheme, { secret: key, allowShortSecret: true })
    expect(signer.sign({ method: 'POST', url: 'https://x.example/', body: Buffer.from(data, 'hex') }).headers['mac']).toBe(mac)
    expect(createHmac(digest, Buffer.from(key, 'hex')).update(Buffer.from(data, 'hex')).digest('hex')).toBe(mac)
  })
})

describe('qredo-v1, against Python', () => {
  it.each(qredoV1Vectors.vectors)('$name', ({ secret, method, url, body, timestamp, signature }) => {
    const signer = createSigner(qredoV1, { keyId: 'k', secret })
    expect(signer.sign({ method, url, body, timestamp }).headers['qredo-api-sig']).toBe(signature)
    expect(signer.sign({ method, url, body: body === null ? undefined : utf8(body), timestamp }).headers['qredo-api-sig']).toBe(signature)
  })

  it('takes a secret in either base64 alphabet, padded or not', () => {
    for (const { hex, spelled } of qredoV1Vectors.spelledSecrets) {
      for (const text of spelled) expect(Buffer.from(decodeSecret(text, 'base64')).toString('hex')).toBe(hex)
    }
  })
})

interface SchemeVector {
  readonly credentials: { readonly keyId?: string; readonly secret: string; readonly passphrase?: string }
  readonly request: {
    readonly method: string
    readonly url: string
    readonly body?: string
    readonly timestamp?: string
    readonly nonce?: string
    /** For the signer's options. */
    readonly parameters?: { readonly [name: string]: string }
  }
  readonly headers: { readonly [name: string]: string | undefined }
  readonly url: string
}

/**
 * Signs as the vector says, and has a verifier of the same scheme accept it, and refuse it once its body was changed.
 */
async function checkVector(scheme: DeclaredScheme, { credentials, request, headers, url }: SchemeVector): Promise<void> {
  const signed = createSigner(scheme, credentials, { parameters: request.parameters }).sign(request)
  expect(signed.headers).toEqual(headers)
  expect(signed.url).toBe(url)
  const { origin } = new URL(url)
  const { keyId, ...secrets } = credentials
  const id = keyId ?? 'default'
  const verifier = createVerifier(scheme, {
    origin,
    keys: memoryKeys(scheme, [{ ...secrets, id }]),
    ...(keyId === undefined ? { keyId: id } : {}),
    clock: () => Date.parse('2024-01-01'),
    toleranceMs: 10 * 366 * 86_400_000,
    // A webhook is a POST with a body, and nothing else.
    only: scheme.only.body === 'required' ? undefined : { methods: [request.method], paths: 'any', query: 'any', body: 'any' },
  })
  const incoming = { method: request.method, target: url.slice(origin.length), headers: signed.headers }
  // An `expires` timestamp of the past is over, whatever the tolerance; everything else is accepted.
  const isOver = scheme.timestamp?.meaning === 'expires'
  const expected = isOver ? { ok: false, failure: { code: 'timestamp-out-of-window' } } : { ok: true, key: { id } }
  const signsBody = scheme.fields.has('body') || scheme.fields.has('payload')
  const changed = utf8(`${request.body ?? ''} `)
  if (request.method !== 'GET' && signsBody) expect(await verifier.verify({ ...incoming, body: changed })).toMatchObject({ ok: false })
  expect(await verifier.verify({ ...incoming, body: signed.body })).toMatchObject(expected)
  const signsTarget = ['target', 'url', 'path', 'query'].some(field => scheme.fields.has(field))
  if (!isOver && signsTarget)
    expect(await verifier.verify({ ...incoming, target: `/x${incoming.target}x`, body: signed.body })).toMatchObject({ ok: false })
}

describe('declared schemes, against their owners and Python', () => {
  it.each(schemeVectors.vectors)('$scheme', async vector => {
    const scheme = schemeNamed(vector.scheme)
    if (scheme === undefined || !isDeclared(scheme)) throw new Error(`no declared scheme ${vector.scheme}`)
    await checkVector(scheme, vector as SchemeVector)
  })

  it('holds a vector for every declared scheme that is signed with a secret', () => {
    const declared = SCHEMES.flatMap(scheme => (isDeclared(scheme) && scheme.keys === 'secret' ? [scheme.name] : []))
    expect(new Set([...schemeVectors.vectors.map(({ scheme }) => scheme), 'qredo-v1'])).toEqual(new Set(declared))
  })
})

describe('schemes that are not shipped, declared without a change to the engine', () => {
  it.each(undeclared.vectors)('$declaration.name', async vector => {
    await checkVector(defineScheme(vector.declaration as Parameters<typeof defineScheme>[0]), vector as SchemeVector)
  })
})

describe('pythonJson', () => {
  it.each(pythonJsonVectors.vectors)('$text', ({ value, text }) => {
    expect(pythonJson(value)).toBe(text)
  })
})
