import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as platform } from '#crypto'
import type { Algorithm } from '../../crypto/algorithm.ts'
import { crypto as web } from '../../crypto/web.ts'
import {
  type HttpMessage,
  type LabelledSignature,
  readSignatures,
  type SigningKey,
  signMessage,
  type VerifyingKey,
  verifySignature,
} from './index.ts'

const REQUEST: HttpMessage = { method: 'GET', origin: 'https://a.example', target: '/x', headers: [['x-a', '1']] }
const HMAC = { algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 1) } as const
type Pair = { readonly privateKey: string; readonly publicKey: string }

function inPem({ privateKey, publicKey }: ReturnType<typeof generateKeyPairSync>): Pair {
  return {
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
  }
}

const ED25519 = inPem(generateKeyPairSync('ed25519'))
const P256 = inPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const PAIRS: readonly (readonly [Algorithm, Pair])[] = [
  ['ed25519', ED25519],
  ['ecdsa-p256-sha256', P256],
]
const KEYS: readonly (readonly [string, SigningKey, VerifyingKey])[] = [
  ['hmac-sha256', HMAC, HMAC],
  ...PAIRS.map(([algorithm, { privateKey, publicKey }]) => [algorithm, { algorithm, privateKey }, { algorithm, publicKey }] as const),
]

async function signed(key: SigningKey, alg?: string, crypto = platform): Promise<{ sent: HttpMessage; found: LabelledSignature }> {
  const fields = await signMessage(REQUEST, {
    label: 'sig',
    components: ['@method', 'x-a'],
    parameters: { created: 1, alg },
    key,
    crypto,
  })
  const headers = [...REQUEST.headers, ['Signature-Input', fields['signature-input']], ['Signature', fields.signature]] as const
  const sent = { ...REQUEST, headers }
  const [found] = readSignatures(sent) ?? []
  if (found === undefined) throw new Error('no signature')
  return { sent, found }
}

describe.each(KEYS)('a message that is signed with %s', (name, signing, verifying) => {
  it.each([
    ['Node', platform],
    ['WebCrypto', web],
  ])('is verified, and no other: %s', async (_, crypto) => {
    const { sent, found } = await signed(signing, undefined, crypto)
    expect(await verifySignature(sent, found, verifying, crypto)).toBe(true)
    expect(await verifySignature({ ...sent, method: 'PUT' }, found, verifying, crypto)).toBe(false)
    const other = `${found.signature.startsWith('A') ? 'B' : 'A'}${found.signature.slice(1)}`
    expect(await verifySignature(sent, { ...found, signature: other }, verifying, crypto)).toBe(false)
  })

  it('is refused where a covered part is missing, or the signature is no base64', async () => {
    const { sent, found } = await signed(signing)
    const rest = sent.headers.filter(([own]) => own !== 'x-a')
    expect(await verifySignature({ ...sent, headers: rest }, found, verifying)).toBe(false)
    expect(await verifySignature(sent, { ...found, signature: '!' }, verifying)).toBe(false)
    expect(await verifySignature(sent, { ...found, signature: `${found.signature}=` }, verifying)).toBe(false)
  })

  it('says its algorithm, or leaves it out, but names no other than the key has', async () => {
    for (const [alg, holds] of [
      [name, true],
      ['rsa-pss-sha512', false],
    ] as const) {
      const { sent, found } = await signed(signing, alg)
      expect(await verifySignature(sent, found, verifying)).toBe(holds)
    }
  })
})

describe('a key of a message', () => {
  it('is the secret of its algorithm, as it stands', async () => {
    const { found } = await signed(HMAC)
    const base = `"@method": GET\n"x-a": 1\n"@signature-params": ("@method" "x-a");created=1`
    expect(found.signature).toBe(createHmac('sha256', HMAC.secret).update(base).digest('base64'))
  })

  it('is never an empty secret, and a secret where the algorithm wants one', async () => {
    const { sent, found } = await signed(HMAC)
    const missing = expect.objectContaining({ code: 'secret-missing' })
    const { algorithm } = HMAC
    const { privateKey, publicKey } = ED25519
    for (const key of [
      { algorithm, secret: Buffer.alloc(0) },
      { algorithm, privateKey },
    ])
      await expect(signed(key)).rejects.toThrow(missing)
    for (const key of [
      { algorithm, secret: Buffer.alloc(0) },
      { algorithm, publicKey },
    ])
      expect(() => verifySignature(sent, found, key)).toThrow(missing)
  })
})

describe('the signatures of a message', () => {
  const read = (...headers: readonly (readonly [string, string])[]) => readSignatures({ headers })?.map(({ label }) => label)
  it.each<[readonly (readonly [string, string])[], readonly string[] | undefined]>([
    [[], []],
    [[['signature', 'sig=:AA==:']], []],
    [[['signature-input', 'sig=("x-a")']], undefined],
    [
      [
        ['signature-input', 'sig=("x-a")'],
        ['signature', '='],
      ],
      undefined,
    ],
    [
      [
        ['signature-input', 'sig=("x-a");nonce=token'],
        ['signature', 'sig=:AA==:'],
      ],
      undefined,
    ],
    [
      [
        ['signature-input', 'sig=("x-a");tag=?1'],
        ['signature', 'sig=:AA==:'],
      ],
      undefined,
    ],
    [
      [
        ['signature-input', 'sig=("x-a");created=1;own=token'],
        ['signature', 'sig=:AA==:'],
      ],
      ['sig'],
    ],
    [
      [
        ['signature-input', 'a=("x-a"), b=("x-b")'],
        ['signature', 'b=:AA==:'],
        ['signature', 'a=:AA==:'],
      ],
      ['a', 'b'],
    ],
  ])('in %j: %j', (headers, labels) => {
    expect(read(...headers)).toEqual(labels)
  })
})
