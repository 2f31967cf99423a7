import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { expect, it } from 'vitest'
import { createGateway, openKeyService } from '../src/index.ts'
import { talk } from './talk.ts'

const DELAY_MS = 3_000
const ORIGIN = 'https://api.example.com'

it('a gateway that ends still takes connections for a while, and says that each is the last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-drain-delay-'))
  const service = await openKeyService({ store: join(folder, 'keys.db') })
  const gateway = createGateway({ upstream: 'http://127.0.0.1:9', origin: ORIGIN, service })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  const { port } = gateway.server.address() as AddressInfo
  const call = () => fetch(`http://127.0.0.1:${port}/`)
  const drained = gateway.drain(0, DELAY_MS)
  expect(gateway.isDraining).toBe(true)
  const answer = await call()
  expect([answer.status, answer.headers.get('connection')]).toEqual([401, 'close'])
  await drained
  await expect(call()).rejects.toThrow()
  await service.close()
  rmSync(folder, { recursive: true })
})

it('a gateway that ends answers all that came in one piece before, and what comes behind it meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-drain-pipelined-'))
  const service = await openKeyService({ store: join(folder, 'keys.db') })
  const actor = { name: 'test', address: '' }
  await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key, secret } = await service.keys.create(actor, 'acme', { name: 'k' })
  const held: ServerResponse[] = []
  const upstream = createServer((request, response) => request.resume().on('end', () => held.push(response)))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const gateway = createGateway({ upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, origin: ORIGIN, service })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  const signer = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' })
  const post = (path: string): string => {
    const { headers } = signer.sign({ method: 'POST', url: ORIGIN + path, body: '{}' })
    const lines = Object.entries({ ...headers, host: 'x', 'content-length': '2' }).map(([name, value]) => `${name}: ${value}\r\n`)
    return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n{}`
  }
  const paths = ['/1', '/2', '/3', '/4', '/5']
  const { socket, text, ended } = talk((gateway.server.address() as AddressInfo).port, paths.map(post).join(''))
  await expect.poll(() => held.length).toBe(5)
  const drained = gateway.drain(30_000)
  socket.write(post('/late'))
  await expect.poll(() => held.length).toBe(6)
  const answer = (response: ServerResponse | undefined) => response?.end(`of ${response.req.url}`)
  held.splice(0, 5).forEach(answer)
  await expect.poll(text).toContain('of /5')
  answer(held.pop())
  await Promise.all([drained, ended])
  expect(text().match(/of \/(?:\d|late)/g)).toEqual([...paths, '/late'].map(path => `of ${path}`))
  // Only the last one says that there are no more.
  expect(text().match(/connection: close/gi)).toHaveLength(1)
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true })
})
