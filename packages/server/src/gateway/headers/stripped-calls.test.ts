import { generateKeyPairSync } from 'node:crypto'
import { carriesOf, createSigner, createVerifier, memoryKeys, type Scheme } from 'countersign'
import { draftSignatures } from 'countersign/draft-signatures'
import { httpMessageSignatures } from 'countersign/http-signatures'
import { SCHEMES } from 'countersign/schemes'
import { sigV4 } from 'countersign/sigv4'
import { describe, expect, it } from 'vitest'
import { ALWAYS_DROPPED } from './header-names.ts'
import { carriedHeaders, compileTargetStripper } from './strip-signature.ts'
import { passedOnHeaders } from './upstream-headers.ts'

const ORIGIN = 'https://api.example.com'
/** RSA, which every scheme of the list that takes key pairs can have. */
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const secret = Buffer.alloc(32, 7).toString('base64')

const ALL: readonly Scheme[] = [
  ...SCHEMES,
  sigV4({ name: 's3', service: 's3', region: 'eu-west-1' }),
  sigV4({ name: 's3-query', service: 's3', region: 'eu-west-1', in: 'query' }),
  httpMessageSignatures({ name: 'bare', components: ['@method', '@target-uri'] }),
  httpMessageSignatures({ name: 'dated', components: ['@method', '@target-uri', 'date', 'content-digest'], parameters: ['keyid'] }),
  draftSignatures({ name: 'draft-created', headers: ['(request-target)', '(created)'] }),
  draftSignatures({ name: 'draft-dated', headers: ['(request-target)', '(created)', 'date', 'x-date', 'digest'] }),
]

function signCall(scheme: Scheme) {
  const isAws = scheme.derivedKey !== undefined
  const credentials = {
    ...(scheme.keyId === 'none' ? {} : { keyId: 'the-key' }),
    ...(scheme.keys === 'key-pair' ? { privateKey: pair.privateKey } : { secret }),
    ...(scheme.hasPassphrase ? { passphrase: 'pass' } : {}),
    ...(isAws ? { sessionToken: 'the-token' } : {}),
  }
  const body = carriesOf(scheme).some(carried => carried.in === 'form') ? 'a=1' : '{"a":1}'
  const parameters = isAws && !scheme.name.startsWith('s3') ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {}
  const headers: { readonly [name: string]: string } = scheme.name === 'dated' ? { date: new Date().toUTCString() } : {}
  const signed = createSigner(scheme, credentials, parameters).sign({ method: 'POST', url: `${ORIGIN}/x?a=1`, headers, body })
  return { method: signed.method, target: signed.url.slice(ORIGIN.length), headers: { ...headers, ...signed.headers }, body: signed.body }
}

function verifierOf(scheme: Scheme) {
  const key = {
    id: 'the-key',
    ...(scheme.keys === 'key-pair' ? { publicKey: pair.publicKey } : { secret }),
    ...(scheme.hasPassphrase ? { passphrase: 'pass' } : scheme.derivedKey === undefined ? {} : { passphrase: 'the-token' }),
  }
  return createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [key]),
    replay: 'off',
    only: { methods: ['POST'], paths: 'any', query: 'any', body: 'any' },
    ...(scheme.keyId === 'none' ? { keyId: 'the-key' } : {}),
  })
}

const CALLS = ALL.map(scheme => ({ signer: scheme.name, call: signCall(scheme) }))

describe.each(ALL.map(scheme => [scheme.name, scheme] as const))('a call that a verifier of %s accepts', (name, scheme) => {
  it('has nothing of its signature left for the upstream, whoever signed it', async () => {
    const dropped = new Set([...ALWAYS_DROPPED, ...carriedHeaders(scheme)])
    const strip = compileTargetStripper(scheme)
    const accepted: string[] = []
    for (const { signer, call } of CALLS) {
      if (!(await verifierOf(scheme).verify(call)).ok) continue
      accepted.push(signer)
      const kept = passedOnHeaders(Object.entries(call.headers).flat(), dropped)
      expect(kept[0] === 'content-type' ? kept.slice(2) : kept, signer).toEqual([])
      expect(strip(call.target), signer).toBe('/x?a=1')
    }
    expect(accepted).toContain(name)
    if (name === 'aws-sigv4') expect(accepted).toEqual(expect.arrayContaining(['aws-sigv4-query', 's3']))
  })
})
