import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { expect, it } from 'vitest'
import { createGateway, type GatewayOptions, openKeyService } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'

it.skipIf(spawnSync('openssl', ['version']).error !== undefined)(
  'trusts an upstream by an authority of its own, and shows it a certificate (needs openssl)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-mtls-'))
    const path = (name: string) => join(folder, name)
    const openssl = (...args: string[]) => expect(spawnSync('openssl', args, { cwd: folder }).status).toBe(0)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=own authority', '-days', '2')
    for (const name of ['api', 'gateway'])
      openssl(
        ...['req', '-x509', ...key, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2'],
        ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'],
      )
    const [ca, cert, certKey] = ['ca.pem', 'gateway.pem', 'gateway.key'].map(name => readFileSync(path(name)))
    const service = await openKeyService({ store: path('keys.db') })
    const upstream = createServer(
      { ca, cert: readFileSync(path('api.pem')), key: readFileSync(path('api.key')), requestCert: true, rejectUnauthorized: true },
      (request, response) => response.end(`${request.url} for ${(request.socket as TLSSocket).getPeerCertificate().subject.CN}`),
    )
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const actor = { name: 'test', address: '' }
    await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
    const made = await service.keys.create(actor, 'acme', { name: 'k' })
    const signer = createSigner(qredoV1, { keyId: made.key.id, secret: made.secret ?? '' })

    const details: (string | undefined)[] = []
    async function answerWith(upstreamTls: GatewayOptions['upstreamTls']): Promise<string> {
      const url = `https://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1/`
      const gateway = createGateway({
        upstream: url,
        origin: ORIGIN,
        service,
        upstreamTls,
        onFinished: ({ detail }) => details.push(detail),
      })
      gateway.server.listen(0, '127.0.0.1')
      await once(gateway.server, 'listening')
      const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x?y` })
      const answer = await fetch(`http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}/x?y`, { headers })
      const text = await answer.text()
      await gateway.drain(0)
      return answer.ok ? text : (JSON.parse(text) as { code: string }).code
    }
    expect(await answerWith({ ca, cert, key: certKey })).toBe('/v1/x?y for gateway')
    expect(await answerWith({ ca })).toBe('upstream-failed')
    // Nothing was sent yet, and the log says why.
    expect(await answerWith({ cert, key: certKey })).toBe('upstream-unreachable')
    expect(await answerWith(undefined)).toBe('upstream-unreachable')
    expect(details).toEqual([
      undefined,
      expect.stringMatching(/certificate required|ECONNRESET|other side closed/),
      ...Array(2).fill(expect.stringMatching(/certificate/)),
    ])
    const start =
      (tls: GatewayOptions['upstreamTls'], url = 'https://127.0.0.1:1') =>
      () =>
        createGateway({ upstream: url, origin: ORIGIN, service, upstreamTls: tls })
    const apiKey = readFileSync(path('api.key'))
    for (const [make, message] of [
      [start({ ca }, 'http://127.0.0.1:1'), /for an https:\/\/ upstream/],
      [start({ ca: '{}' }), /ca holds no certificate/],
      [start({ cert: certKey, key: certKey }), /cert holds no certificate/],
      [start({ cert, key: apiKey }), /key doesn't belong to the certificate/],
      [start({ cert, key: 'none' }), /can't be read as PEM/],
    ] as const)
      expect(make).toThrow(expect.objectContaining({ code: 'upstream-tls-invalid', message: expect.stringMatching(message) as string }))
    upstream.closeAllConnections()
    upstream.close()
    await service.close()
    rmSync(folder, { recursive: true })
  },
)
