import {
  type HttpMessage,
  readSignatures,
  type SigningKey,
  signMessage,
  type VerifyingKey,
  verifySignature,
} from 'countersign/http-signatures'
import { describe, expect, it } from 'vitest'
import rfc9421 from './rfc9421.json' with { type: 'json' }

interface PublishedKey {
  readonly algorithm: VerifyingKey['algorithm']
  readonly publicKey?: string
  readonly privateKey?: string
  readonly secret?: string
}

function keyOf(input: string): PublishedKey {
  const id = /keyid="([^"]*)"/.exec(input)?.[1] ?? ''
  return (rfc9421.keys as unknown as { readonly [id: string]: PublishedKey | undefined })[id] ?? { algorithm: 'ed25519' }
}

function verifyingKey({ algorithm, publicKey, secret }: PublishedKey): VerifyingKey {
  return publicKey === undefined ? { algorithm, secret: Buffer.from(secret ?? '', 'base64') } : { algorithm, publicKey }
}

function signingKey({ algorithm, privateKey, secret }: PublishedKey): SigningKey {
  return privateKey === undefined ? { algorithm, secret: Buffer.from(secret ?? '', 'base64') } : { algorithm, privateKey }
}

function withSignature(message: unknown, input: string, signature: string): HttpMessage {
  const read = message as HttpMessage
  return { ...read, headers: [...read.headers, ['Signature-Input', input], ['Signature', signature]] }
}

describe('RFC 9421, Appendix B', () => {
  it.each(rfc9421.vectors)('$name: the published signature holds, and no other', async ({ message, input, signature }) => {
    const [labelled] = readSignatures(withSignature(message, input, signature)) ?? []
    if (labelled === undefined) throw new Error('no signature was read')
    const key = verifyingKey(keyOf(input))
    expect(await verifySignature(message as unknown as HttpMessage, labelled, key)).toBe(true)
    expect(await verifySignature(message as unknown as HttpMessage, { ...labelled, input: `${labelled.input};x` }, key)).toBe(false)
    const other = labelled.signature.startsWith('A') ? 'B' : 'A'
    expect(
      await verifySignature(message as unknown as HttpMessage, { ...labelled, signature: other + labelled.signature.slice(1) }, key),
    ).toBe(false)
  })

  it.each(rfc9421.vectors.filter(({ base }) => base !== null))(
    '$name: the signature base is the published one',
    async ({ message, input, signature, base }) => {
      const published = message as unknown as HttpMessage
      const [labelled] = readSignatures(withSignature(message, input, signature)) ?? []
      if (labelled === undefined) throw new Error('no signature was read')
      const key = keyOf(input)
      const canSign = key.privateKey !== undefined || key.secret !== undefined
      const signed = await signMessage(published, {
        label: labelled.label,
        components: labelled.components.map(({ identifier }) => identifier),
        parameters: labelled.parameters,
        key: canSign ? signingKey(key) : { algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 1) },
      })
      expect(signed.base).toBe(base)
      expect(signed['signature-input']).toBe(input)
      if (['B.2.5', 'B.2.6', 'B.4'].includes(String(rfc9421.vectors.find(vector => vector.input === input)?.name)))
        expect(signed.signature).toBe(signature)
    },
  )

  it.each(rfc9421.transformed)('B.4, $name: verifies is $verifies', async ({ message, verifies }) => {
    const published = rfc9421.vectors.find(({ name }) => name === 'B.4')
    const [labelled] = readSignatures(withSignature(message, published?.input ?? '', published?.signature ?? '')) ?? []
    if (labelled === undefined) throw new Error('no signature was read')
    expect(await verifySignature(message as unknown as HttpMessage, labelled, verifyingKey(keyOf(published?.input ?? '')))).toBe(verifies)
  })
})
