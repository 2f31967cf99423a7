import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AccessEntry, createGateway, type Gateway, type GatewayOptions, type KeyService, openKeyService } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-bodies-'))
const gateways: Gateway[] = []
const sockets = new Set<Socket>()
const log: AccessEntry[] = []
const errors: unknown[] = []
let service: KeyService
let key = { keyId: '', secret: '' }
let upstream: Server

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  key = { keyId: made.key.id, secret: made.secret ?? '' }
  upstream = createServer((request, response) => {
    request.resume()
    request.on('error', () => undefined)
    request.on('end', () => {
      if (request.url !== '/stalls') response.end('hello')
    })
  })
  await listenOn(upstream)
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  upstream.closeAllConnections()
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(0)))
  for (const list of [log, errors]) list.length = 0
})
afterAll(async () => {
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

const portOf = (server: Server): number => (server.address() as AddressInfo).port

async function listenOn(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; port: number }> {
  const gateway = createGateway({
    upstream: `http://127.0.0.1:${portOf(upstream)}`,
    origin: ORIGIN,
    service,
    onFinished: entry => log.push(entry),
    onError: error => errors.push(error),
    ...options,
  })
  gateways.push(gateway)
  await listenOn(gateway.server)
  return { gateway, port: portOf(gateway.server) }
}

/** Sends bytes; `text` is what has come back so far. */
function talk(port: number, bytes: string): { socket: Socket; text: () => string; ended: Promise<unknown> } {
  const socket = connect(port, '127.0.0.1')
  sockets.add(socket)
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', piece => {
    answer += piece
  })
  socket.on('error', () => undefined)
  socket.write(bytes)
  const ended = new Promise(resolve => socket.on('close', resolve))
  void ended.then(() => sockets.delete(socket))
  return { socket, text: () => answer, ended }
}

/** The head of a signed call. */
function headOf(path: string, body: string, length = `content-length: ${body.length}`): string {
  const { headers } = createSigner(qredoV1, key).sign({ method: 'POST', url: ORIGIN + path, body })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\nhost: api.example.com\r\n${length}\r\n${lines.join('')}\r\n`
}

const poll = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 })

describe('the memory for bodies', () => {
  const long = JSON.stringify({ a: 'x'.repeat(9_990) })
  /** By a key that nobody has. */
  const strange = (): string => headOf('/x', long).replace(/qredo-api-key: \S+/, 'qredo-api-key: nobody')

  it.each([
    ['none of it', 0],
    ['a byte of it', 1],
    ['all of it but a byte', long.length - 1],
  ])('is not taken by 300 connections that announce a body and send %s', async (_name, sent) => {
    // As much as 30 of them announce.
    const { gateway, port } = await start({ maxHeldBytes: 30 * long.length, maxBodyBytes: long.length })
    let reached = 0
    gateway.server.on('request', request => {
      let left = sent
      if (left === 0) reached++
      request.on('data', (piece: Buffer) => {
        left -= piece.length
        if (left === 0) reached++
      })
    })
    const begun = strange() + long.slice(0, sent)
    const silent = Array.from({ length: 300 }, () => talk(port, begun))
    await poll(() => reached).toBe(300)
    for (const path of ['/first', '/second']) {
      const { text } = talk(port, headOf(path, long) + long)
      await poll(text).toMatch(/^HTTP\/1\.1 200 /)
    }
    // Only where so many bytes are there has anybody to give way.
    const gaveWay = silent.filter(({ text }) => text().includes('"code":"overloaded"')).length
    expect(gaveWay > 0).toBe(300 * sent > 30 * long.length)
    expect(errors).toEqual([])
  })

  it('is a 503 once the bytes that are there fill it, and free again when they are gone', async () => {
    const { gateway, port } = await start({ maxHeldBytes: 15_000, maxBodyBytes: 12_000 })
    const reached = once(upstream, 'request')
    const held = talk(port, headOf('/stalls', long) + long)
    await reached
    const refused = talk(port, headOf('/refused', long) + long)
    await poll(refused.text).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*"code":"overloaded"/s)
    expect(log.filter(({ path }) => path === '/refused')).toMatchObject([{ status: 503, outcome: 'failed', code: 'overloaded' }])
    held.socket.destroy()
    await poll(async () => (await gateway.metrics.registry.metrics()).match(/held_bytes (\d+)/)?.[1]).toBe('0')
    const { text } = talk(port, headOf('/y', long) + long)
    await poll(text).toMatch(/^HTTP\/1\.1 200 /)
    const tooLarge = JSON.stringify({ a: 'x'.repeat(12_000) })
    const large = talk(port, headOf('/z', tooLarge) + tooLarge)
    await poll(large.text).toMatch(/^HTTP\/1\.1 413 /)
    expect(errors).toEqual([])
  })
})
