import { createPublicKey } from 'node:crypto'
import { createSigner, createVerifier, memoryKeys, memoryReplayGuard } from 'countersign'
import { type HttpMessage, httpMessageSignatures, readSignatures, verifySignature } from 'countersign/http-signatures'
import { describe, expect, it } from 'vitest'
import suite from './adcp.json' with { type: 'json' }

const COMPONENTS = ['@method', '@target-uri', '@authority', 'content-type']
const scheme = httpMessageSignatures({
  name: 'adcp',
  components: COMPONENTS,
  parameters: ['created', 'expires', 'nonce', 'keyid', 'alg'],
  tag: 'adcp/request-signing/v1',
})

/** The profile normalises the URL that it signs; RFC 9421 (§2.2.2) signs the one that was sent. */
const NORMALISED = ['006-dot-segment-path', '008-percent-encoded-path', '009-percent-encoded-unreserved-decoded']

/**
 * The profile writes bytes in unpadded base64url, which no structured field has (RFC 9651 §3.3.5), so each field is
 * spelled anew. A digest that is signed can't be.
 */
const SIGNED_BASE64URL = ['002-post-with-content-digest']

const positive = Object.entries(suite.positive).map(([file, vector]) => ({ file, ...vector }))

function inBase64(field: string): string {
  return field.replace(/=:([\w-]+):/g, (_all, text: string) => `=:${Buffer.from(text, 'base64url').toString('base64')}:`)
}

/** The URL that the published base has, where there is one. */
function signedUrl(base: string | undefined, url: string): string {
  return /^"@target-uri": (.*)$/m.exec(base ?? '')?.[1] ?? url
}

function pathOf(url: string): string {
  return url.replace(/^https:\/\/[^/]+/, '')
}

function keysOf({ jwks_ref }: (typeof positive)[number]) {
  return suite.keys
    .filter(({ kid }) => jwks_ref.includes(kid))
    .map(({ kid, kty, crv, x, ...key }) => {
      const jwk = { kty, crv, x, ...('y' in key ? { y: key.y } : {}) }
      const publicKey = String(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }))
      return { id: kid, publicKey, algorithm: kty === 'EC' ? ('ecdsa-p256-sha256' as const) : ('ed25519' as const) }
    })
}

/** Whether the first signature is that of the message, whatever its digest says. */
async function holds(vector: (typeof positive)[number], url: string): Promise<boolean> {
  const { method, headers } = vector.request
  const lines = Object.entries({ ...headers, Signature: inBase64(headers.Signature) })
  const message: HttpMessage = { method, origin: new URL(url).origin, target: pathOf(url), headers: lines }
  const [labelled] = readSignatures(message) ?? []
  const [key] = keysOf(vector)
  return labelled !== undefined && key !== undefined && verifySignature(message, labelled, key)
}

async function verify(vector: (typeof positive)[number], url: string, spell: (field: string) => string) {
  const { request, reference_now } = vector
  const clock = () => reference_now * 1000
  const verifier = createVerifier(scheme, {
    origin: new URL(url).origin,
    keys: memoryKeys(scheme, keysOf(vector)),
    clock,
    replay: memoryReplayGuard({ clock }),
    // The profile signs a body only where its digest is covered.
    only: { body: 'any' },
    allow: ['escape-spelling', 'dot-segments'],
  })
  return verifier.verify({
    method: request.method,
    target: pathOf(url),
    headers: { ...request.headers, Signature: spell(request.headers.Signature) },
    body: Buffer.from(request.body),
  })
}

describe('the request signing profile of AdCP', () => {
  it.each(positive)('$file verifies, as far as RFC 9421 has it', async vector => {
    const { file, request } = vector
    const url = signedUrl('expected_signature_base' in vector ? vector.expected_signature_base : undefined, request.url)
    const expected = SIGNED_BASE64URL.includes(file) ? { failure: { code: 'digest-mismatch' } } : { ok: true }
    expect(await verify(vector, url, inBase64)).toMatchObject(expected)
    // As it was sent: another URL than was signed where the profile normalises more than an origin.
    const asSent = NORMALISED.includes(file) ? { failure: { code: 'bad-signature' } } : expected
    expect(await verify(vector, request.url, inBase64)).toMatchObject(asSent)
    // One of the signatures has no digit in which the two alphabets differ, and padding may be left out.
    const isBase64 = !/=:[^:]*[-_]/.test(request.headers.Signature)
    const unchanged = isBase64 ? asSent : { failure: { code: 'malformed-header' } }
    expect(await verify(vector, request.url, field => field)).toMatchObject(unchanged)
    expect(await holds(vector, url)).toBe(true)
    expect(await holds(vector, `${url}x`)).toBe(false)
  })

  /** What becomes of a URL that the profile would change or refuse. The rest is signed as the profile has it. */
  const OTHERWISE: { readonly [name: string]: 'refused' | 'as-it-is' } = {
    // The signer asks for a URL that is written as it is sent.
    'idn-to-punycode': 'refused',
    'idn-mixed-case-to-punycode': 'refused',
    'idn-u-label-root-dot-stripped': 'refused',
    'userinfo-stripped': 'refused',
    'fragment-stripped': 'refused',
    // Paths and hosts are signed as they are sent; a verifier refuses what could be read as another path.
    'dns-root-dot-stripped': 'as-it-is',
    'dns-root-dot-with-port-stripped': 'as-it-is',
    'idn-a-label-root-dot-stripped': 'as-it-is',
    'dot-segment-collapsed': 'as-it-is',
    'double-dot-segment-collapsed': 'as-it-is',
    'dot-segment-with-consecutive-slashes': 'as-it-is',
    'double-dot-segment-with-consecutive-slashes': 'as-it-is',
    'percent-encoded-hex-uppercased': 'as-it-is',
    'percent-encoded-unreserved-tilde-decoded': 'as-it-is',
    'percent-encoded-unreserved-alpha-decoded': 'as-it-is',
    // Hosts that no name server and no client takes.
    'multiple-trailing-dots-rejected': 'as-it-is',
    'internal-empty-dns-label-rejected': 'as-it-is',
    'malformed-ipv6-missing-closing-bracket': 'as-it-is',
    'malformed-bare-ipv6': 'as-it-is',
  }

  it.each(suite.canonicalization)('$name: $rule', ({ name, input_url, ...expected }) => {
    const signer = createSigner(httpMessageSignatures({ name: 'uri', components: ['@target-uri', '@authority'] }), {
      keyId: 'k',
      secret: Buffer.alloc(32, 1).toString('base64'),
    })
    const sign = () => Buffer.from(signer.sign({ method: 'GET', url: input_url }).message()).toString()
    const otherwise = OTHERWISE[name] ?? ('reject' in expected ? 'refused' : undefined)
    if (otherwise === 'refused') expect(sign).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
    else if (otherwise === 'as-it-is') expect(sign()).toContain(`"@target-uri": ${input_url}\n`)
    else expect(sign()).toContain(`"@target-uri": ${expected.expected_target_uri}\n"@authority": ${expected.expected_authority}\n`)
  })
})
