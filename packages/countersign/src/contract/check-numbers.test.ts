import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signedFetch } from '../clients/fetch.ts'
import { serverClock } from '../clients/server-clock.ts'
import { qredoTokenClient } from '../clients/token-client.ts'
import { credentialsFor } from '../faults/scene.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { qredoV1, SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { checkNumbers } from './check-numbers.ts'

const secret = Buffer.alloc(32, 1)
const privateKey = String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
const signer = createSigner(qredoV1, { keyId: 'k', secret })
const client = { baseUrl: 'https://api.example.com/v2', workspaceId: 'w', keyId: 'k', secret }
const verifier = { origin: 'https://api.example.com', keys: memoryKeys(qredoV1) }

/** Everything that is made with a number that bounds something. */
const MAKERS: readonly (readonly [option: string, make: (value: number) => unknown])[] = [
  ...SCHEMES.flatMap(scheme =>
    (['lifetimeMs', 'maxTargetLength'] as const).map(
      option =>
        [
          `${option} of a signer of ${scheme.name}`,
          (value: number) => createSigner(scheme, credentialsFor(scheme, privateKey), { [option]: value }),
        ] as const,
    ),
  ),
  ['maxBodyBytes of signedFetch', value => signedFetch(signer, { maxBodyBytes: value })],
  ['maxRedirects of signedFetch', value => signedFetch(signer, { maxRedirects: value })],
  ['maxOffsetMs of serverClock', value => serverClock({ maxOffsetMs: value })],
  ['maxAttempts of qredoTokenClient', value => qredoTokenClient({ ...client, maxAttempts: value })],
  ['backoffMs of qredoTokenClient', value => qredoTokenClient({ ...client, backoffMs: value })],
  ['maxBackoffMs of qredoTokenClient', value => qredoTokenClient({ ...client, maxBackoffMs: value })],
  ['maxBytes of memoryReplayGuard', value => memoryReplayGuard({ maxBytes: value })],
  ['nonceLifetimeMs of memoryReplayGuard', value => memoryReplayGuard({ nonceLifetimeMs: value })],
  ['toleranceMs of createVerifier', value => createVerifier(qredoV1, { ...verifier, toleranceMs: value })],
  ['maxBodyBytes of createVerifier', value => createVerifier(qredoV1, { ...verifier, limits: { maxBodyBytes: value } })],
  ['sourceTimeoutMs of createVerifier', value => createVerifier(qredoV1, { ...verifier, limits: { sourceTimeoutMs: value } })],
  ['bodyTimeoutMs of createVerifier', value => createVerifier(qredoV1, { ...verifier, limits: { bodyTimeoutMs: value } })],
  ['maxTargetLength of createVerifier', value => createVerifier(qredoV1, { ...verifier, limits: { maxTargetLength: value } })],
]

describe('A number that bounds something', () => {
  it.each(MAKERS)('%s is a number and not negative', (option, make) => {
    const name = option.split(' ')[0]
    for (const value of [Number.NaN, -1, '5' as unknown as number])
      expect(() => make(value), String(value)).toThrow(
        expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining(`The option ${name} `) }),
      )
    expect(() => make(1000)).not.toThrow()
  })

  it('is left out for its default', () => {
    expect(() => checkNumbers({ left: undefined })).not.toThrow()
    expect(() => checkNumbers({ any: Number.POSITIVE_INFINITY })).not.toThrow()
    expect(() => checkNumbers({ some: 11 }, 10)).toThrow('The option some is a number from 0 to 10; got 11.')
  })
})
