import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, type Key } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AccessEntry, createGateway, type Gateway, type GatewayOptions, type KeyService, openKeyService } from '../src/index.ts'
import { sockets, talk } from './talk.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-bodies-'))
const gateways: Gateway[] = []
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
      if (request.url === '/breaks-off') response.socket?.destroy()
      else if (request.url !== '/stalls') response.end('hello')
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

/** The head of a signed call. */
function headOf(path: string, body: string, length = `content-length: ${body.length}`): string {
  const method = body === '' ? 'GET' : 'POST'
  const { headers } = createSigner(qredoV1, key).sign({ method, url: ORIGIN + path, ...(body === '' ? {} : { body }) })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nhost: api.example.com\r\n${length}\r\n${lines.join('')}\r\n`
}

const poll = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 })

describe('the memory for bodies', () => {
  const long = JSON.stringify({ a: 'x'.repeat(9_990) })
  /** What a stranger can put into a head that is in order. */
  const STRANGERS: { readonly [who: string]: (head: string) => string } = {
    'by a key that nobody has': head => head.replace(/qredo-api-key: \S+/, 'qredo-api-key: nobody'),
    'with a wrong signature': head => head.replace(/qredo-api-sig: \S+/, `qredo-api-sig: ${'A'.repeat(43)}`),
  }
  const PARTS = [
    ['none of it', 0],
    ['a byte of it', 1],
    ['all of it but a byte', long.length - 1],
  ] as const
  const cases = Object.keys(STRANGERS).flatMap(who => PARTS.map(([part, sent]) => [who, part, sent] as const))

  it.each(cases)('is not taken by 300 connections that announce a body %s, and send %s', async (who, _part, sent) => {
    // As much as 30 of them announce.
    const { gateway, port } = await start({ maxHeldBytes: 30 * long.length, maxBodyBytes: long.length })
    const incoming: Socket[] = []
    gateway.server.on('connection', socket => incoming.push(socket))
    const begun = STRANGERS[who]?.(headOf('/x', long)) + long.slice(0, sent)
    const silent = Array.from({ length: 300 }, () => talk(port, begun))
    await poll(() => incoming.filter(({ bytesRead }) => bytesRead === begun.length).length).toBe(300)
    for (const path of ['/first', '/second']) {
      const { text } = talk(port, headOf(path, long) + long)
      await poll(text).toMatch(/^HTTP\/1\.1 200 /)
    }
    // Only where so many bytes are kept has anybody to give way.
    const gaveWay = silent.filter(({ text }) => text().includes('"code":"overloaded"')).length
    expect(gaveWay > 0).toBe(who === 'with a wrong signature' && 300 * sent > 30 * long.length)
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

describe('an error', () => {
  const spoolFolder = join(folder, 'spools')
  const short = '{"a":1}'
  const long = JSON.stringify({ a: 'x'.repeat(100_000) })
  const oops = (): never => {
    throw new Error('oops')
  }
  const chunksOf = (body: string): string => {
    const half = body.length >> 1
    return [body.slice(0, half), body.slice(half), ''].map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
  }
  const CHUNKED = 'transfer-encoding: chunked'
  const BODIES = {
    none: (path: string) => [headOf(path, '', 'x-none: 1'), ''],
    short: (path: string) => [headOf(path, short), short],
    'short, in chunks': (path: string) => [headOf(path, short, CHUNKED), chunksOf(short)],
    long: (path: string) => [headOf(path, long), long],
    'long, in chunks': (path: string) => [headOf(path, long, CHUNKED), chunksOf(long)],
  } as const
  type Body = keyof typeof BODIES
  const ALL = Object.keys(BODIES) as Body[]
  const WITH_BODY = ALL.filter(body => body !== 'none')
  const SPOOLED = WITH_BODY.filter(body => body !== 'short')

  const emptySpools = (): void => {
    for (const name of readdirSync(spoolFolder))
      for (const file of readdirSync(join(spoolFolder, name))) rmSync(join(spoolFolder, name, file))
  }
  /** A key that breaks whoever asks what it may do. */
  const broken = (key: Key | undefined): Key | undefined => (key === undefined ? key : Object.create(key, { permissions: { get: oops } }))
  const INTERNAL = { status: 500, code: 'internal-error', outcome: 'failed', reported: ['oops'] }

  interface Place {
    readonly options?: () => Partial<GatewayOptions>
    readonly path?: string
    readonly bodies?: readonly Body[]
    readonly answer: { readonly status: number; readonly code: string; readonly outcome: string; readonly reported: readonly unknown[] }
  }
  const PLACES: { readonly [place: string]: Place } = {
    'the verifier': {
      options: () => ({
        routes: [{ path: '/', schemes: ['qredo-v1'], permission: ['balance'] }],
        service: {
          ...service,
          source: {
            ...service.source,
            ofScheme: name => {
              const own = service.source.ofScheme(name)
              return { ...own, find: async id => broken(await own.find(id)) }
            },
          },
        },
      }),
      answer: INTERNAL,
    },
    'the replay guard': {
      options: () => ({ replay: { claim: oops } }),
      bodies: WITH_BODY,
      answer: { status: 503, code: 'replay-guard-unavailable', outcome: 'refused', reported: ['oops'] },
    },
    'the use of the key': { options: () => ({ service: { ...service, used: oops } }), answer: INTERNAL },
    'what is told of refusals': {
      options: () => ({
        routes: [{ path: '/', schemes: ['qredo-v1'], permission: ['root'] }],
        service: { ...service, refusals: { ...service.refusals, refused: oops } },
      }),
      answer: INTERNAL,
    },
    'the upstream': {
      path: '/breaks-off',
      answer: { status: 502, code: 'upstream-failed', outcome: 'failed', reported: [] },
    },
    'an upstream that is away': {
      options: () => ({ upstream: 'http://127.0.0.1:9' }),
      answer: { status: 502, code: 'upstream-unreachable', outcome: 'failed', reported: [] },
    },
    'the folder for spooled bodies': {
      options: () => ({ spoolFolder: join(folder, 'nowhere') }),
      bodies: SPOOLED,
      answer: { ...INTERNAL, reported: [expect.stringContaining('ENOENT')] },
    },
    'a spooled body that is read again': {
      options: () => ({ service: { ...service, used: emptySpools } }),
      bodies: SPOOLED,
      answer: { ...INTERNAL, reported: [expect.stringContaining('ENOENT')] },
    },
  }
  const cases = Object.entries(PLACES).flatMap(([place, { bodies = ALL }]) => bodies.map(body => [place, body] as const))

  it.each(cases)('of %s, with a body that is %s, is answered, logged as it is answered, and reported once', async (place, body) => {
    const { options, path = '/x', answer } = PLACES[place] as Place
    mkdirSync(spoolFolder, { recursive: true })
    const { port } = await start({ spoolBytes: 1000, spoolFolder, ...options?.() })
    const { text } = talk(port, BODIES[body](path).join(''))
    const { reported, ...logged } = answer
    await poll(text).toContain(`"code":"${answer.code}"`)
    expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${answer.status} `))
    await poll(() => log).toEqual([expect.objectContaining(logged)])
    expect(errors.map(error => (error instanceof Error ? error.message : error))).toEqual(reported)
  })

  it.each(WITH_BODY)('of a client that leaves in the middle of a body that is %s is its own', async body => {
    const { gateway, port } = await start({ spoolBytes: 1000, spoolFolder: folder })
    const [head = '', bytes = ''] = BODIES[body]('/x')
    const begun = new Promise<void>(resolve => {
      gateway.server.on('request', request => request.once('data', () => resolve()))
    })
    const { socket } = talk(port, head + bytes.slice(0, bytes.length - 3))
    await begun
    socket.destroy()
    await poll(() => log).toMatchObject([{ status: 499, outcome: 'failed', code: 'client-gone' }])
    expect(errors).toEqual([])
  })

  it.each(ALL)('that is not of the client, with a body that is %s, is reported although the client has left', async body => {
    let leave: (() => void) | undefined
    // The first time a body is not read yet.
    let lookups = body === 'none' ? 1 : 2
    const left = new Promise<void>(resolve => {
      leave = resolve
    })
    const { gateway, port } = await start({
      spoolBytes: 1000,
      spoolFolder: folder,
      service: {
        ...service,
        source: {
          ...service.source,
          ofScheme: name => {
            const own = service.source.ofScheme(name)
            return {
              ...own,
              find: async id => {
                if (--lookups > 0) return own.find(id)
                talking.socket.destroy()
                await left
                return own.find(id)
              },
            }
          },
        },
        used: oops,
      },
    })
    gateway.server.on('connection', socket => socket.on('close', () => leave?.()))
    const talking = talk(port, BODIES[body]('/x').join(''))
    await poll(() => log).toMatchObject([{ status: 499, outcome: 'failed', code: 'client-gone' }])
    expect(errors.map(String)).toEqual(['Error: oops'])
  })

  it('in telling of an error ends nothing', async () => {
    const { port } = await start({ service: { ...service, used: oops }, onError: oops })
    const { text } = talk(port, BODIES.short('/x').join(''))
    await poll(text).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('in making the folder for spooled bodies is no longer there once it can be made', async () => {
    const later = join(folder, 'later')
    const { port } = await start({ spoolBytes: 1000, spoolFolder: later })
    const before = talk(port, BODIES.long('/x').join(''))
    await poll(before.text).toMatch(/^HTTP\/1\.1 500 /)
    mkdirSync(later)
    const { text } = talk(port, BODIES.long('/y').join(''))
    await poll(text).toMatch(/^HTTP\/1\.1 200 /)
  })
})
