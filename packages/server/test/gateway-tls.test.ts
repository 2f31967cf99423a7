import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGateway, type KeyService, openKeyService } from '../src/index.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-tls-'))
let service: KeyService

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

function certificate(name: string): { readonly cert: Buffer; readonly key: Buffer } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`]
  execFileSync('openssl', [...words, '-out', cert, '-keyout', key], { stdio: 'ignore' })
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

/** The name in the certificate that a client of this version of TLS is shown; or why it is shown none. */
async function shown(port: number, version: tls.SecureVersion): Promise<unknown> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: version, maxVersion: version })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subject.CN
  } catch (error) {
    return (error as { readonly code?: string }).code
  } finally {
    socket.destroy()
  }
}

it.skipIf(!hasOpenssl)('takes another certificate while it runs, and TLS 1.2 at least before and after (needs openssl)', async () => {
  const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls
  // As NODE_OPTIONS=--tls-min-v1.0 has it.
  Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' })
  const options = { upstream: 'http://127.0.0.1:9', origin: 'https://api.example.com', service }
  const gateway = createGateway({ ...options, tls: certificate('first') })
  try {
    gateway.server.listen(0, '127.0.0.1')
    await once(gateway.server, 'listening')
    const { port } = gateway.server.address() as AddressInfo
    for (const name of ['first', 'second', 'third']) {
      if (name !== 'first') gateway.renew({ ...options, tls: certificate(name) })
      for (const version of ['TLSv1.3', 'TLSv1.2'] as const) expect(await shown(port, version)).toBe(name)
      for (const version of ['TLSv1.1', 'TLSv1'] as const) expect(await shown(port, version)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    }
  } finally {
    Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS })
    await gateway.drain(0)
  }
})
