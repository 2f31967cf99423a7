import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defineScheme } from '../define/define.ts'
import { awsSigV4, bybit, coinbaseExchange, qredoPartner, qredoV1, rfc9421, slack } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import type { Scheme } from './scheme.ts'

const keyId = 'k'
const secret = Buffer.alloc(32, 7).toString('base64')
const url = 'https://api.example.com/a'
const privateKey = String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))

/** What the compiler refuses, the program is not asked. */
const never = (_wrong: () => unknown): void => undefined

describe('the types of a signer know its scheme', () => {
  it('which credentials it wants', () => {
    createSigner(qredoV1, { keyId, secret })
    createSigner(slack, { secret })
    createSigner(coinbaseExchange, { keyId, secret, passphrase: 'p' })
    createSigner(qredoPartner, { keyId, privateKey })
    createSigner(rfc9421, { secret })
    createSigner(rfc9421, { keyId, privateKey })
    createSigner(awsSigV4, { keyId, secret, sessionToken: 't' })
    // @ts-expect-error a call names its key
    never(() => createSigner(qredoV1, { secret }))
    // @ts-expect-error a secret, not a private key
    never(() => createSigner(qredoV1, { keyId, privateKey }))
    // @ts-expect-error what may be undefined is no secret
    never(() => createSigner(qredoV1, { keyId, secret: process.env['API_SECRET'] }))
    // @ts-expect-error a webhook carries no key id
    never(() => createSigner(slack, { keyId, secret }))
    // @ts-expect-error a passphrase beside the secret
    never(() => createSigner(coinbaseExchange, { keyId, secret }))
    // @ts-expect-error no passphrase
    never(() => createSigner(qredoV1, { keyId, secret, passphrase: 'p' }))
    // @ts-expect-error a private key, not a secret
    never(() => createSigner(qredoPartner, { keyId, secret }))
    // @ts-expect-error either a secret or a private key
    never(() => createSigner(rfc9421, { keyId }))
    // @ts-expect-error one of the two
    never(() => createSigner(rfc9421, { keyId, secret, privateKey }))
    // @ts-expect-error no such algorithm
    never(() => createSigner(rfc9421, { keyId, secret, algorithm: 'hmac-md5' }))
  })

  it('which timestamp formats and parameters it takes', () => {
    createSigner(qredoV1, { keyId, secret }, { timestamp: 'seconds' })
    createSigner(bybit, { keyId, secret }, { parameters: { recvWindow: '5000' } })
    createSigner(awsSigV4, { keyId, secret }, { parameters: { region: 'eu-west-1', service: 's3' } })
    // @ts-expect-error qredo-v1 has no dates
    never(() => createSigner(qredoV1, { keyId, secret }, { timestamp: 'iso8601' }))
    // @ts-expect-error bybit has milliseconds
    never(() => createSigner(bybit, { keyId, secret }, { timestamp: 'seconds' }))
    // @ts-expect-error it is called recvWindow
    never(() => createSigner(bybit, { keyId, secret }, { parameters: { recvwindow: '5000' } }))
    // @ts-expect-error qredo-v1 has no parameters
    never(() => createSigner(qredoV1, { keyId, secret }, { parameters: { recvWindow: '5000' } }))
    // @ts-expect-error it is called region
    never(() => createSigner(awsSigV4, { keyId, secret }, { parameters: { regoin: 'eu-west-1' } }))
  })

  it('which headers come out', () => {
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url, body: { a: 1 } })
    const signature: string = headers['qredo-api-sig']
    const contentType: string | undefined = headers['content-type']
    expect([signature.length, contentType]).toEqual([43, 'application/json'])
    // @ts-expect-error it is called qredo-api-sig
    expect(headers['qredo-api-sg']).toBeUndefined()
    const partner = createSigner(qredoPartner, { keyId, privateKey }).sign({ method: 'GET', url }).headers
    const time: string | undefined = partner['x-timestamp']
    expect([partner['x-sign'].length, time?.length, partner['x-nonce']]).toEqual([342, 10, undefined])
    // They go wherever headers do.
    const request = new Request(url, { headers })
    expect(request.headers.get('qredo-api-key')).toBe(keyId)
  })

  it('leave the body to whoever knows it', () => {
    interface Order {
      readonly amount: string
    }
    const body: Order = { amount: '1' }
    expect(createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url, body }).headers['content-type']).toBe('application/json')
  })

  it('also of a scheme of one’s own', () => {
    const mine = defineScheme({
      name: 'mine',
      title: 'Mine',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['milliseconds'] },
      parameters: { window: { default: '1', characters: 'digits' } },
      message: '{timestamp}\n{window}\n{method}\n{url}\n{body|sha256|hex}',
      signature: { encoding: 'hex' },
      headers: { 'x-time': '{timestamp}', 'x-window': '{window}', 'x-signature': '{signature}' },
    })
    const { headers } = createSigner(mine, { secret }, { timestamp: 'milliseconds', parameters: { window: '2' } }).sign({
      method: 'GET',
      url,
    })
    expect([headers['x-time'].length, headers['x-window'], headers['x-signature'].length]).toEqual([13, '2', 64])
    // @ts-expect-error it carries no key id
    never(() => createSigner(mine, { keyId, secret }))
    // @ts-expect-error it is called window
    never(() => createSigner(mine, { secret }, { parameters: { windw: '2' } }))
  })

  it('nothing of a scheme that is chosen when the program runs', () => {
    const chosen: Scheme = qredoV1
    const { headers } = createSigner(chosen, { keyId, secret, passphrase: undefined }).sign({ method: 'GET', url })
    const signature: string | undefined = headers['qredo-api-sig']
    expect(signature).toHaveLength(43)
    const read = defineScheme(JSON.parse(JSON.stringify(qredoV1.declaration)) as typeof qredoV1.declaration)
    expect(createSigner(read, { keyId, secret }).sign({ method: 'GET', url }).headers['qredo-api-sig']).toHaveLength(43)
  })
})
