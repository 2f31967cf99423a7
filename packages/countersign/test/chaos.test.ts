import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireSignature } from '../src/adapters/websocket.ts'
import { secret } from '../src/faults/scene.ts'
import { createSigner, createVerifier, memoryKeys } from '../src/index.ts'
import { qredoV1 } from '../src/schemes/index.ts'
import { overHttp1 } from './body-senders.ts'
import { type Running, runnableServers } from './body-servers.ts'
import { SENDINGS } from './body-table.ts'

/** Broken requests, over all servers; `CHAOS=10000` for a long run. */
const REQUESTS = Number(process.env.CHAOS ?? 400)
const SEED = Number(process.env.SEED ?? 16)
const AT_ONCE = 16
const ORIGIN = 'http://api.example'
const signer = createSigner(qredoV1, { keyId: 'k', secret })

const WITH_CLIENTS = runnableServers(true)
const EACH = Math.ceil(REQUESTS / WITH_CLIENTS.length)

/** Mulberry32: the same run for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * sides) | 0
  }
}

type Roll = ReturnType<typeof dice>

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const pick = <T>(roll: Roll, list: readonly T[]): T => list[roll(list.length)] as T

/** Head and body of a call that may be signed, and of which something may be wrong. */
function callOf(roll: Roll): { readonly target: string; readonly headers: Record<string, string>; readonly body: string } {
  const body = pick(roll, ['', '{"a":1}', '{"a":"é"}', `{"a":"${'x'.repeat(900)}"}`, `{"a":"${'x'.repeat(3000)}"}`])
  // Something else answers a part of them first, such as a timeout.
  const target = pick(roll, ['/x', '/x', '/x?timeout'])
  const { headers } = signer.sign({ method: 'POST', url: ORIGIN + target, body: body || undefined })
  const broken = pick(roll, [{}, {}, { 'qredo-api-sig': 'A'.repeat(43) }, { 'qredo-api-ts': 'never' }, { 'qredo-api-key': 'nobody' }])
  return { target, body, headers: { 'content-type': 'application/octet-stream', ...headers, ...broken } }
}

/** Breaks off, or changes, what is sent. */
function damaged(bytes: Buffer, roll: Roll): Buffer {
  switch (roll(6)) {
    case 0:
      return bytes.subarray(0, roll(bytes.length))
    case 1:
      bytes[roll(bytes.length)] = roll(256)
      return bytes
    case 2:
      return Buffer.concat([bytes, bytes])
    default:
      return bytes
  }
}

/** An upgrade to a WebSocket, signed or not. */
function upgradeOf(roll: Roll): Buffer {
  const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/feed` })
  const lines = Object.entries(pick(roll, [headers, headers, {}])).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = pick(roll, ['', '', 'content-length: 3\r\n'])
  const head = `GET /feed HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: ${pick(roll, ['websocket', 'h2c'])}\r\n`
  return damaged(Buffer.from(`${head}${length}${lines.join('')}\r\n${pick(roll, ['', 'abc'])}`), roll)
}

/** A call over HTTP/1.1 as bytes, of which a part may be missing or wrong. */
function bytesOf(roll: Roll): Buffer {
  const { target, headers, body } = callOf(roll)
  const length = Buffer.byteLength(body)
  const framing = pick(roll, [
    ['content-length', String(length), body],
    ['content-length', String(length + 5), body],
    ['content-length', String(Math.max(0, length - 2)), body],
    ['content-length', '-1', body],
    ['transfer-encoding', 'chunked', `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
    ['transfer-encoding', 'chunked', `${length.toString(16)}\r\n${body}\r\n`],
    ['transfer-encoding', 'chunked', `zz\r\n${body}\r\n`],
    ['transfer-encoding', 'gzip', body],
    ['x-none', '', ''],
    ['expect', '100-continue', body],
  ] as const)
  const lines = Object.entries({ host: 'a', ...headers, [framing[0]]: framing[1] }).map(([name, value]) => `${name}: ${value}\r\n`)
  return damaged(Buffer.from(`POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${framing[2]}`), roll)
}

async function breakHttp1(port: number, roll: Roll, bytes: Buffer = bytesOf(roll)): Promise<void> {
  const pieces = 1 + roll(4)
  const end = pick(roll, ['destroy', 'reset', 'half-close', 'wait'] as const)
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  const closed = new Promise(resolve => socket.on('close', resolve))
  const size = Math.ceil(bytes.length / pieces)
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size))
    for (let turns = roll(5); turns > 0; turns--) await turn()
  }
  if (end === 'wait') {
    // For the first byte of an answer, or the end; a request that lacks something has none.
    socket.once('data', () => socket.destroy())
    for (let turns = 0; turns < 200 && !socket.destroyed; turns++) await turn()
  }
  if (end === 'half-close') socket.end()
  if (end === 'reset') socket.resetAndDestroy()
  else if (end !== 'half-close') socket.destroy()
  else for (let turns = 0; turns < 200 && !socket.destroyed; turns++) await turn()
  socket.destroy()
  await closed
}

async function breakHttp2(port: number, roll: Roll, isTls: boolean): Promise<void> {
  const { target, headers, body } = callOf(roll)
  const length = pick(roll, [{}, {}, { 'content-length': String(Buffer.byteLength(body)) }, { 'content-length': '3' }])
  const session = connectHttp2(`${isTls ? 'https' : 'http'}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => undefined)
  const closed = new Promise(resolve => session.on('close', resolve))
  const stream = session.request({ ':method': 'POST', ':path': target, ...headers, ...length }, { endStream: body === '' && roll(2) === 0 })
  stream.on('error', () => undefined)
  const pieces = 1 + roll(3)
  const size = Math.ceil(body.length / pieces) || 1
  for (let at = 0; at < body.length && stream.writable; at += size) {
    stream.write(body.slice(at, at + size))
    for (let turns = roll(8); turns > 0; turns--) await turn()
  }
  const end = roll(4)
  if (end === 0) stream.close(roll(14))
  else if (end === 1) session.destroy()
  else if (stream.writable) stream.end()
  if (end > 1) {
    stream.once('response', () => session.destroy())
    for (let turns = 0; turns < 200 && !session.destroyed; turns++) await turn()
  }
  session.destroy()
  await closed
}

/** Some at once, each with dice of its own. */
async function runEach(roll: Roll, run: (own: Roll) => Promise<void>): Promise<void> {
  const seeds = Array.from({ length: EACH }, () => roll(2 ** 31))
  const worker = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) await run(dice(seed))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const unexpected: unknown[] = []
const note = (error: unknown): void => void unexpected.push(error)
beforeEach(() => {
  process.on('unhandledRejection', note).on('uncaughtException', note)
})
afterEach(() => {
  process.off('unhandledRejection', note).off('uncaughtException', note)
  unexpected.length = 0
})

describe.each(WITH_CLIENTS)('%s', (name, start) => {
  it(`outlives ${EACH} broken requests, and answers a good one`, { timeout: 60_000 + EACH * 100 }, async () => {
    const verifier = createVerifier(qredoV1, {
      origin: ORIGIN,
      keys: memoryKeys(qredoV1, [{ id: 'k', secret }]),
      replay: 'off',
      limits: { maxBodyBytes: 1000 },
    })
    const roll = dice(SEED)
    const errors: unknown[] = []
    let calls = 0
    let isCalm = false
    const running: Running = await start({
      verifier,
      onError: error => errors.push(error),
      handled() {
        if (!isCalm && ++calls % 3 === 0) throw new Error('The handler failed.')
      },
    })
    // The timeout of somebody else.
    running.server?.prependListener('request', (request, response) => {
      if (request.url.endsWith('timeout')) setImmediate(() => response.headersSent || response.writeHead(503).end())
    })
    const isHttp2 = / over HTTP\/2| over TLS|http2/.test(name)
    const isTls = /TLS/.test(name) && !/without TLS/.test(name)
    await runEach(roll, own =>
      // Bytes of HTTP/1.1 are broken bytes of HTTP/2.
      isHttp2 && own(5) > 0 ? breakHttp2(running.port, own, isTls) : breakHttp1(running.port, own),
    )
    isCalm = true
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: SENDINGS.unknown.pieces.join('') })
    const good = await running.send({
      port: running.port,
      method: 'POST',
      target: '/x',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      sending: SENDINGS.unknown,
    })
    await running.close()
    expect(good.status).toBe(200)
    expect(calls).toBeGreaterThan(0)
    expect(unexpected).toEqual([])
    // What a stranger sends is a refusal, never an error of the server.
    expect(errors.filter(error => !(error instanceof Error && error.message === 'The handler failed.'))).toEqual([])
  })
})

describe('WebSocket upgrades', () => {
  it(`outlive ${EACH} broken ones, and a good one is handed on`, { timeout: 60_000 + EACH * 100 }, async () => {
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), replay: 'off' })
    const errors: unknown[] = []
    let calls = 0
    let isCalm = false
    const server = createServer().on(
      'upgrade',
      requireSignature(
        verifier,
        async (_request, socket) => {
          socket.on('error', () => undefined)
          if (!isCalm && ++calls % 3 === 0) throw new Error('The handler failed.')
          socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
        },
        { onError: error => errors.push(error) },
      ),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await runEach(dice(SEED), own => breakHttp1(port, own, upgradeOf(own)))
    isCalm = true
    const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/feed` })
    const upgrade = { ...headers, connection: 'upgrade', upgrade: 'websocket' }
    const good = await overHttp1({ port, method: 'GET', target: '/feed', headers: upgrade, sending: SENDINGS.none })
    server.closeAllConnections()
    server.close()
    expect(good.status).toBe(101)
    expect(calls).toBeGreaterThan(0)
    expect(unexpected).toEqual([])
    expect(errors.filter(error => !(error instanceof Error && error.message === 'The handler failed.'))).toEqual([])
  })
})
