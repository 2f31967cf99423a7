import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { isDeclared } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { sampleRequest } from './sample-request.ts'

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(40, 5)
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

it.each(SCHEMES.filter(isDeclared).map(scheme => [scheme.name, scheme] as const))(
  'the sample of %s is signed and verified without options',
  async (_name, scheme) => {
    const key = scheme.keys === 'key-pair' ? pair : { secret }
    const passphrase = scheme.hasPassphrase ? 'pass' : undefined
    const named = scheme.keyId === 'none' ? {} : { keyId: 'k' }
    const secretOrKey = 'secret' in key ? key : { privateKey: key.privateKey }
    const request = sampleRequest(scheme)
    const signed = createSigner(scheme, { ...named, passphrase, ...secretOrKey }, { clock: () => NOW }).sign(request)
    const { verify } = createVerifier(scheme, {
      origin: 'https://api.example.com',
      keys: memoryKeys(scheme, [{ id: 'k', passphrase, ...('secret' in key ? key : { publicKey: key.publicKey }) }]),
      clock: () => NOW,
      ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    })
    const target = signed.url.slice('https://api.example.com'.length)
    expect(await verify({ method: signed.method, target, headers: signed.headers, body: signed.body })).toMatchObject({ ok: true })
  },
)
