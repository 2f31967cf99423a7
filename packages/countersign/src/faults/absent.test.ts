import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures, signMessage } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { createKey, createSigner, createVerifier, defineScheme, type Key, memoryKeys, type Scheme, type VerifierOptions } from '../index.ts'
import { codeOf, NOW, ORIGIN, SECONDS, secret, secretBytes } from './scene.ts'

function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}) {
  return createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', secret }]), clock: () => NOW, ...options })
}

type Lines = [string, string][]

const tenant = defineScheme({
  name: 'tenant',
  title: 'A header is signed',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'base64' },
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}\n{method}\n{target}\n{header.x-tenant}\n{body|sha256|hex}',
  signature: { encoding: 'hex' },
  headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
})

/** Signed by hand, with whatever stands for the header's value. */
function signedByHand(value: string, sent: Lines) {
  const empty = createHash('sha256').digest('hex')
  const signature = createHmac('sha256', secretBytes).update(`${SECONDS}\nPOST\n/orders\n${value}\n${empty}`).digest('hex')
  const own: Lines = [
    ['host', 'api.example.com'],
    ['x-key', 'k'],
    ['x-time', String(SECONDS)],
    ['x-signature', signature],
  ]
  return { method: 'POST', target: '/orders', headers: [...own, ...sent] }
}

describe('a header that a declared scheme signs', () => {
  it('is signed as it was sent', async () => {
    expect(codeOf(await verifierOf(tenant).verify(signedByHand('a', [['x-tenant', 'a']])))).toBe('accepted')
  })

  it('has to be sent: its absence is no empty value', async () => {
    expect(codeOf(await verifierOf(tenant).verify(signedByHand('', [])))).toBe('missing-header')
  })

  it.each([
    ['', 'of which neither is signed'],
    ['a', 'of which the first is signed'],
    ['b', 'of which the second is signed'],
    ['a, b', 'which are signed as one list'],
  ])('is refused when it comes twice (signed: %j)', async value => {
    const lines: Lines = [
      ['x-tenant', 'a'],
      ['X-Tenant', 'b'],
    ]
    expect(codeOf(await verifierOf(tenant).verify(signedByHand(value, lines)))).toBe('duplicate-header')
  })

  it('is missed by the signer already', () => {
    const signer = createSigner(tenant, { keyId: 'k', secret }, { clock: () => NOW })
    expect(() => signer.sign({ method: 'POST', url: `${ORIGIN}/orders` })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('is the verifier’s own where it is host, and neither empty nor what came', async () => {
    const host = defineScheme({ ...tenant.declaration, message: '{timestamp}\n{method}\n{target}\n{header.host}\n{body|sha256|hex}' })
    const { verify } = verifierOf(host)
    const codes: string[] = []
    for (const value of ['api.example.com', '', 'evil.example.com']) codes.push(codeOf(await verify(signedByHand(value, []))))
    expect(codes).toEqual(['accepted', 'bad-signature', 'bad-signature'])
  })
})

/** The header is signed with its value, and `sent` is what comes. */
function signedWith(scheme: Scheme, value: string, sent: Lines) {
  const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW })
  const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders`, headers: { 'x-tenant': value } })
  const lines: Lines = [['host', 'api.example.com'], ...Object.entries(headers), ...sent]
  return { method: 'POST', target: '/orders', headers: lines }
}

const chosen: readonly { name: string; scheme: Scheme }[] = [
  { name: 'draft 12', scheme: draftSignatures({ headers: ['(request-target)', 'host', 'date', 'x-tenant'] }) },
  { name: 'Kong', scheme: draftSignatures({ carrier: 'kong', headers: ['date', 'request-line', 'x-tenant'] }) },
  { name: 'RFC 9421', scheme: httpMessageSignatures({ components: ['@method', '@target-uri', 'x-tenant'] }) },
  { name: 'SigV4', scheme: sigV4({ service: 'execute-api', region: 'eu-west-1' }) },
  { name: 'a presigned URL', scheme: sigV4({ service: 'execute-api', region: 'eu-west-1', in: 'query' }) },
]

describe('a header that the client chose to sign', () => {
  it.each(chosen.slice(3))('has to be sent with $name: its absence is no empty value', async ({ scheme }) => {
    const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW })
    const { url, headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders`, headers: { 'x-tenant': '' } })
    const request = { method: 'POST', target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers } }
    expect(codeOf(await verifierOf(scheme).verify(request))).toMatch(/^(missing-header|insufficient-coverage|bad-signature)$/)
  })

  it.each(chosen.slice(0, 3))('has to be sent with $name', async ({ scheme }) => {
    expect(codeOf(await verifierOf(scheme).verify(signedWith(scheme, '', [])))).toMatch(/^(missing-header|bad-signature)$/)
  })

  it.each(chosen.slice(0, 4))('takes no second line with $name', async ({ scheme }) => {
    const { verify } = verifierOf(scheme)
    for (const more of ['b', ''])
      for (const lines of [
        [
          ['x-tenant', 'a'],
          ['x-tenant', more],
        ],
        [
          ['x-tenant', more],
          ['X-Tenant', 'a'],
        ],
      ] as Lines[])
        expect(codeOf(await verify(signedWith(scheme, 'a', lines)))).toMatch(/^(duplicate-header|bad-signature)$/)
    expect(codeOf(await verify(signedWith(scheme, 'a', [['x-tenant', 'a']])))).toBe('accepted')
  })
})

/** A call of RFC 9421 with parameters of one's own. */
async function rfcCall(parameters: { keyid?: string; nonce?: string }, method = 'POST') {
  const made = await signMessage(
    { method, origin: ORIGIN, target: '/orders', headers: [] },
    {
      label: 'sig',
      components: ['@method', '@target-uri'],
      parameters: { created: SECONDS, ...parameters },
      key: { algorithm: 'hmac-sha256', secret: secretBytes },
    },
  )
  const headers = { host: 'api.example.com', 'signature-input': made['signature-input'], signature: made.signature }
  return { method, target: '/orders', headers }
}

describe('an empty parameter', () => {
  const withNonce = httpMessageSignatures()
  const withoutNonce = httpMessageSignatures({ parameters: ['created', 'keyid'] })

  it.each([
    ['POST', withNonce],
    ['GET', withNonce],
    ['POST', withoutNonce],
    ['GET', withoutNonce],
  ] as const)('nonce="" is no nonce: a %s is refused', async (method, scheme) => {
    const call = await rfcCall({ keyid: 'k', nonce: '' }, method)
    expect(codeOf(await verifierOf(scheme).verify(call))).toMatch(/^(malformed-header|insufficient-coverage)$/)
  })

  /** As of an installation that has one key only, and does not look at the id. */
  function onlyKey(scheme: Scheme) {
    const asked: string[] = []
    const key: Key = createKey(scheme, { id: 'k', secret })
    const keys = { find: (keyId: string) => (asked.push(keyId) > 0 ? key : undefined) }
    return { ...verifierOf(scheme, { keys }), asked }
  }

  it('keyid="" is no key id of RFC 9421: no key is looked for', async () => {
    const { verify, asked } = onlyKey(withNonce)
    expect(codeOf(await verify(await rfcCall({ keyid: '', nonce: 'n' })))).toMatch(/^(malformed-header|insufficient-coverage)$/)
    expect(asked).toEqual([])
  })

  it.each(['authorization', 'signature', 'kong'] as const)(
    'keyId="" is no key id of draft 12 (%s): no key is looked for',
    async carrier => {
      const scheme = draftSignatures({ carrier })
      const { verify, asked } = onlyKey(scheme)
      const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW })
      const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders` })
      const emptied = Object.entries(headers).map(([name, value]): [string, string] => [
        name,
        value.replace(/(keyId|username)="k"/, '$1=""'),
      ])
      expect(codeOf(await verify({ method: 'POST', target: '/orders', headers: [['host', 'api.example.com'], ...emptied] }))).toBe(
        'malformed-header',
      )
      expect(asked).toEqual([])
    },
  )

  it('keyid="" finds no key among those in memory', async () => {
    expect(await verifierOf(withNonce).verify(await rfcCall({ keyid: '', nonce: 'n' }))).toMatchObject({ ok: false })
  })
})
