import { createHash, createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto'
import { createSigner, createVerifier, memoryKeys, memoryReplayGuard } from 'countersign'
import { type HttpMessage, httpMessageSignatures, readSignatures, signMessage, verifySignature } from 'countersign/http-signatures'
import { describe, expect, it } from 'vitest'
import { serializeDictionary } from '../packages/countersign/src/bases/http-signatures/serialize-fields.ts'
import { type Dictionary, isInnerList, parseDictionary } from '../packages/countersign/src/bases/http-signatures/structured-fields.ts'
import suite from './web-bot-auth.json' with { type: 'json' }

interface Vector {
  readonly key: unknown
  readonly target_url: string
  readonly created_ms: number
  readonly expires_ms: number
  readonly nonce: string
  readonly label: string
  readonly signature: string
  readonly signature_input: string
  readonly signature_agent?: string
  readonly signature_agent_key?: string
}

// `registry_v1` of the suite is not tested: a list of cards in a text file, in which nothing is signed.
const architecture: readonly (Vector & { readonly name: string })[] = [...suite.architecture_v1, ...suite.architecture_v2].map(
  (vector, index) => ({ name: `draft ${index < 4 ? 1 : 2}, ${vector.key.kty}, ${vector.label}`, ...vector }),
)

function factsOf({ key, target_url, signature_agent, signature_agent_key }: Vector) {
  const jwk = key as JsonWebKey
  const algorithm = jwk.kty === 'RSA' ? ('rsa-pss-sha512' as const) : ('ed25519' as const)
  const { origin, pathname } = new URL(target_url)
  const agent = signature_agent === undefined ? [] : [['signature-agent', signature_agent] as const]
  const field = signature_agent_key === undefined ? '"signature-agent"' : `"signature-agent";key="${signature_agent_key}"`
  const message: HttpMessage = { method: 'GET', origin, target: pathname, headers: agent }
  return {
    algorithm,
    message,
    components: ['"@authority"', ...(signature_agent === undefined ? [] : [field])],
    privateKey: String(createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' })),
    publicKey: String(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })),
    keyid: thumbprint(jwk),
  }
}

/** RFC 7638, RFC 8037 A.3: what the drafts take for a key id. */
function thumbprint({ kty, crv, e, n, x }: JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

describe('Web Bot Auth', () => {
  it.each(architecture)('$name: the message is signed as published', async vector => {
    const { algorithm, message, components, privateKey, keyid } = factsOf(vector)
    const signed = await signMessage(message, {
      label: vector.label,
      components,
      parameters: {
        created: vector.created_ms / 1000,
        keyid,
        alg: algorithm,
        expires: vector.expires_ms / 1000,
        nonce: vector.nonce,
        tag: 'web-bot-auth',
      },
      key: { algorithm, privateKey },
    })
    expect(signed['signature-input']).toBe(vector.signature_input)
    // RSA-PSS has a random salt: no two signatures are the same.
    if (algorithm === 'ed25519') expect(signed.signature).toBe(vector.signature)
    else expect(signed.signature.length).toBe(vector.signature.length)
  })

  it.each(architecture)('$name: the published signature holds, and no other', async vector => {
    const { algorithm, message, publicKey } = factsOf(vector)
    const headers = [...message.headers, ['Signature-Input', vector.signature_input], ['Signature', vector.signature]] as const
    const [labelled] = readSignatures({ ...message, headers }) ?? []
    if (labelled === undefined) throw new Error('no signature was read')
    expect(await verifySignature(message, labelled, { algorithm, publicKey })).toBe(true)
    expect(await verifySignature({ ...message, origin: 'https://example.org' }, labelled, { algorithm, publicKey })).toBe(false)
    if (vector.signature_agent === undefined) return
    const other = vector.signature_agent.replace('agent.test', 'agent.example')
    expect(await verifySignature({ ...message, headers: [['signature-agent', other]] }, labelled, { algorithm, publicKey })).toBe(false)
  })

  it.each(architecture)('$name: a scheme of its rules signs and accepts it', async vector => {
    const { algorithm, message, components, privateKey, publicKey, keyid } = factsOf(vector)
    const scheme = httpMessageSignatures({
      name: 'web-bot-auth',
      label: vector.label,
      components,
      parameters: ['created', 'keyid', 'alg', 'expires', 'nonce'],
      tag: 'web-bot-auth',
    })
    const clock = () => vector.created_ms
    const headers = Object.fromEntries(message.headers)
    const lifetimeMs = vector.expires_ms - vector.created_ms
    const sign = () =>
      createSigner(scheme, { keyId: keyid, privateKey, algorithm }, { clock, lifetimeMs }).sign({
        method: 'GET',
        url: vector.target_url,
        headers,
        nonce: vector.nonce,
      })
    // The second draft's signatures hold for a hundred years, and those of a scheme for thirty at most.
    if (lifetimeMs > 1e12) expect(sign).toThrow(/lifetimeMs is a number from 0 to/)
    else {
      const signed = sign().headers
      expect(signed['signature-input']).toBe(vector.signature_input)
      if (algorithm === 'ed25519') expect(signed.signature).toBe(vector.signature)
    }
    const verifier = createVerifier(scheme, {
      origin: message.origin ?? '',
      keys: memoryKeys(scheme, [{ id: keyid, publicKey, algorithm }]),
      clock,
      replay: memoryReplayGuard({ clock }),
      // Neither method nor path is covered.
      only: { methods: ['GET'], paths: 'any' },
    })
    const request = {
      method: 'GET',
      target: message.target ?? '',
      headers: { ...headers, 'signature-input': vector.signature_input, signature: vector.signature },
    }
    expect(await verifier.verify(request)).toMatchObject({ ok: true })
    expect(await verifier.verify(request)).toMatchObject({ failure: { code: 'replayed' } })
  })

  it.each(suite.signature_agent_v1)('Signature-Agent, $name: is read, and written as it came', ({ header, entries }) => {
    const agents: Dictionary = parseDictionary(header) ?? new Map()
    expect(serializeDictionary(agents)).toBe(header)
    const read = [...agents].map(([label, member]) => ({
      label,
      uri: isInnerList(member) ? '' : member.item.value,
      type: new Map(member.parameters).get('type')?.value,
    }))
    expect(read).toEqual(entries.map(({ type, ...entry }) => ({ ...entry, type: type === 'directory' ? undefined : type })))
  })
})
