import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { qredoPartner } from './qredo-partner.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const keyId = Buffer.from('{"key_id":"1","key":"abc"}').toString('base64')

describe.skipIf(!hasOpenssl)('qredo-partner, against openssl (needs openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-partner-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const openssl = (args: string[], input?: string): string =>
    execFileSync('openssl', args, {
      cwd: folder,
      encoding: 'utf8',
      ...(input === undefined ? {} : { input }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  openssl(['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'pkcs8.pem'])
  openssl(['rsa', '-in', 'pkcs8.pem', '-traditional', '-out', 'pkcs1.pem'])
  openssl(['pkey', '-in', 'pkcs8.pem', '-pubout', '-out', 'spki.pem'])
  const read = (file: string): string => execFileSync('cat', [join(folder, file)], { encoding: 'utf8' })
  const url = 'https://api.qredo.example/api/v1/p/company'
  const body = '{"name":"für"}'

  it.each([
    ['pkcs8.pem', { timestamp: '1647356399' }],
    ['pkcs1.pem', { timestamp: '1647356399' }],
    ['pkcs8.pem', { nonce: 'n-1' }],
  ])('signs with a key in %s and %o what openssl signs', (file, moment) => {
    const signed = createSigner(qredoPartner, { keyId, privateKey: read(file) }).sign({ method: 'POST', url, body, ...moment })
    writeFileSync(join(folder, 'message'), `${'timestamp' in moment ? moment.timestamp : moment.nonce}${url}${body}`)
    const expected = execFileSync('openssl', ['dgst', '-sha256', '-sign', file, 'message'], { cwd: folder }).toString('base64url')
    expect(signed.headers).toEqual({
      'x-api-key': keyId,
      'x-sign': expected,
      ...('timestamp' in moment ? { 'x-timestamp': moment.timestamp } : { 'x-nonce': moment.nonce }),
    })
  })

  it('signs with no nonce that is spelled as a time: a call whose time is over has that message', () => {
    const signer = createSigner(qredoPartner, { keyId, privateKey: read('pkcs8.pem') })
    expect(() => signer.sign({ method: 'GET', url, nonce: '1647356399' })).toThrow(expect.objectContaining({ code: 'nonce-invalid' }))
  })

  it('verifies with the public key, and wants a timestamp or a nonce, not both', async () => {
    const { verify } = createVerifier(qredoPartner, {
      origin: 'https://api.qredo.example',
      keys: memoryKeys(qredoPartner, [{ id: keyId, publicKey: read('spki.pem') }]),
      only: { methods: ['POST'], body: 'required' },
    })
    const { headers, body: bytes } = createSigner(qredoPartner, { keyId, privateKey: read('pkcs1.pem') }).sign({
      method: 'POST',
      url,
      body,
    })
    const request = { method: 'POST', target: '/api/v1/p/company', headers, body: bytes }
    expect(await verify({ ...request, headers: { ...headers, 'x-nonce': 'n' } })).toMatchObject({
      failure: { code: 'duplicate-header', header: 'x-timestamp and x-nonce' },
    })
    expect(await verify({ ...request, headers: { ...headers, 'x-timestamp': undefined } })).toMatchObject({
      failure: { code: 'missing-header' },
    })
    expect(await verify({ ...request, body: Buffer.from('{"name":"fur"}') })).toMatchObject({ failure: { code: 'bad-signature' } })
    expect(await verify(request)).toMatchObject({ ok: true })
    expect(await verify(request)).toMatchObject({ failure: { code: 'replayed' } })
  })

  it('takes GET alone unless told otherwise, as the method is not signed', async () => {
    const { verify } = createVerifier(qredoPartner, {
      origin: 'https://api.qredo.example',
      keys: memoryKeys(qredoPartner, [{ id: keyId, publicKey: read('spki.pem') }]),
    })
    const { headers } = createSigner(qredoPartner, { keyId, privateKey: read('pkcs1.pem') }).sign({ method: 'GET', url })
    const request = { method: 'GET', target: '/api/v1/p/company', headers }
    expect(await verify({ ...request, method: 'POST' })).toMatchObject({ failure: { code: 'method-not-allowed' } })
    expect(await verify(request)).toMatchObject({ ok: true })
  })
})
