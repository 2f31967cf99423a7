import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, type Signer } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createGateway, type Gateway, type GatewayOptions, type KeyService, openKeyService } from '../src/index.ts'
import { sockets, talk } from './talk.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const WEBSOCKET =
  'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const folder = mkdtempSync(join(tmpdir(), 'countersign-upgrades-'))
const gateways: Gateway[] = []
let service: KeyService
let upstream: Server
let upstreamOrigin = ''
let seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = []
/** The upstream's ends of WebSockets that speak frames by hand. */
const feeds: Socket[] = []
const webSockets = new WebSocketServer({ noServer: true })

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  upstream = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', piece => {
      body += piece
    })
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      seen.push({ method, url, headers, body })
      response.end(`${method} ${body}`)
    })
  })
  upstream.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => undefined)
    if (request.url === '/frames') {
      feeds.push(socket)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')
    } else webSockets.handleUpgrade(request, socket, head, connection => webSockets.emit('connection', connection, request))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  upstreamOrigin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  for (const feed of feeds.splice(0)) feed.destroy()
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(0)))
  webSockets.removeAllListeners('connection')
  seen = []
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; port: number }> {
  const gateway = createGateway({ upstream: upstreamOrigin, origin: ORIGIN, service, toleranceMs: 3_600_000, ...options })
  gateways.push(gateway)
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  return { gateway, port: (gateway.server.address() as AddressInfo).port }
}

async function makeKey(): Promise<{ keyId: string; secret: string }> {
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k', permissions: ['balance'] })
  return { keyId: made.key.id, secret: made.secret ?? '' }
}

type SigningKey = Awaited<ReturnType<typeof makeKey>>

function linesFor(key: SigningKey, method: string, path: string, body?: string): string {
  const signer = createSigner(qredoV1, key, { allow: ['body-on-get'] })
  const { headers } = signer.sign({ method, url: ORIGIN + path, body })
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

const BODY = '{"amount":1}'
const lengths = {
  'no body': undefined,
  'a body': `content-length: ${BODY.length}\r\n`,
  'a body in chunks': 'transfer-encoding: chunked\r\n',
}

describe('an Upgrade that is none to a WebSocket is ignored, and the call is what was signed:', () => {
  const upgrades = [
    'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n',
    'connection: upgrade\r\nupgrade: websocket\r\n',
    // RFC 6455 §4.1: the key is of sixteen bytes.
    ...['', 'AAAA', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZSE=='].map(
      key => `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${key}\r\n`,
    ),
    'connection: upgrade\r\nupgrade: TLS/1.0\r\n',
    'connection: upgrade\r\nupgrade: websocket, h2c\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  ]
  const methods = [
    ...['POST', 'PUT', 'PATCH', 'DELETE'].flatMap(method => Object.keys(lengths).map(length => [method, length] as const)),
    ['GET', 'no body'] as const,
    ['OPTIONS', 'no body'] as const,
  ]
  // Only a GET with a key is a WebSocket's.
  const cases = methods.flatMap(([method, length]) =>
    [...upgrades, ...(method === 'GET' ? [] : [WEBSOCKET])].map(upgrade => [method, length, upgrade] as const),
  )

  it.each(cases)('%s with %s and %j', async (method, length, upgrade) => {
    const { port } = await start()
    const key = await makeKey()
    const announced = lengths[length as keyof typeof lengths]
    const signed = linesFor(key, method, '/x', announced === undefined ? undefined : BODY)
    const { text, socket } = talk(port, `${method} /x HTTP/1.1\r\nhost: a\r\n${upgrade}${announced ?? ''}${signed}\r\n`)
    const sent =
      announced === undefined ? '' : announced.startsWith('content') ? BODY : `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
    // The body comes late, in two pieces.
    await new Promise(resolve => setImmediate(resolve))
    socket.write(sent.slice(0, 5))
    await new Promise(resolve => setImmediate(resolve))
    socket.write(sent.slice(5))
    await expect.poll(text, { timeout: 10_000 }).toContain(`${method} ${announced === undefined ? '' : BODY}`)
    expect(text()).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen).toMatchObject([{ method, url: '/x', body: announced === undefined ? '' : BODY }])
    for (const name of ['upgrade', 'http2-settings']) expect(seen[0]?.headers).not.toHaveProperty(name)
  })

  it('one of HTTP/1.0, which has no upgrades', async () => {
    const { port } = await start()
    const { text, ended } = talk(port, `GET /x HTTP/1.0\r\nhost: a\r\n${WEBSOCKET}${linesFor(await makeKey(), 'GET', '/x')}\r\n`)
    await ended
    expect(text()).toMatch(/^HTTP\/1\.1 200 .*GET $/s)
    expect(seen).toMatchObject([{ method: 'GET', url: '/x' }])
  })

  it('a GET with a body, as any other', async () => {
    const { port } = await start()
    const key = await makeKey()
    const head = `GET /x HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}content-length: ${BODY.length}\r\n${linesFor(key, 'GET', '/x', BODY)}\r\n`
    const { text } = talk(port, head + BODY)
    await expect.poll(text).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(seen).toEqual([])
  })

  it.each(['gzip', 'identity', 'gzip, chunked', 'chunked, identity', 'xchunked'])(
    'but a body that nobody can read is refused: Transfer-Encoding: %s',
    async coding => {
      const { port } = await start()
      const key = await makeKey()
      const head = `POST /x HTTP/1.1\r\nhost: a\r\n${upgrades[0]}transfer-encoding: ${coding}\r\n${linesFor(key, 'POST', '/x')}\r\n`
      const { text, ended } = talk(port, head + BODY)
      await ended
      expect(text()).toMatch(/^HTTP\/1\.1 400 /)
      expect(seen).toEqual([])
    },
  )

  it.each(['no body', 'a body', 'a body in chunks'] as const)('and ends the connection, with %s', async length => {
    const { port } = await start()
    const key = await makeKey()
    const announced = lengths[length]
    const sent =
      announced === undefined ? '' : announced.startsWith('content') ? BODY : `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
    const signed = linesFor(key, 'POST', '/x', announced === undefined ? undefined : BODY)
    const { text, ended } = talk(port, `POST /x HTTP/1.1\r\nhost: a\r\n${upgrades[0]}${announced ?? ''}${signed}\r\n${sent}`)
    await ended
    expect(text()).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/s)
  })

  it('says that the connection ends where the parser may have dropped what came behind', async () => {
    const { port } = await start()
    const key = await makeKey()
    const call = (method: string, path: string, headers: string) =>
      `${method} ${path} HTTP/1.1\r\nhost: a\r\n${headers}${linesFor(key, method, path)}\r\n`
    const { text, ended } = talk(port, call('DELETE', '/1', upgrades[0] ?? '') + call('DELETE', '/2', ''))
    await ended
    expect(text()).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n.*DELETE $/s)
  })

  it('calls by Java’s own client, which asks for h2c with each of them', async () => {
    const { port } = await start()
    const key = await makeKey()
    const calls = [
      ['GET', ''],
      ['POST', BODY],
      ['POST', `{"a":"${'a'.repeat(100_000)}"}`],
      ['DELETE', ''],
      ['GET', ''],
    ] as const
    const lines = calls.map(([method, body], index) => {
      const { headers } = createSigner(qredoV1, key).sign({ method, url: `${ORIGIN}/${index}`, body: body === '' ? undefined : body })
      return [method, `/${index}`, body, ...Object.entries(headers).flat()].join('\t')
    })
    writeFileSync(
      join(folder, 'Calls.java'),
      `import java.net.URI;
import java.net.http.*;

public class Calls {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    for (String line : new String(System.in.readAllBytes()).split("\\n")) {
      String[] call = line.split("\\t", -1);
      var body = call[2].isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(call[2]);
      var request = HttpRequest.newBuilder(URI.create(args[0] + call[1])).method(call[0], body);
      for (int at = 3; at < call.length; at += 2) request.header(call[at], call[at + 1]);
      System.out.println(client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode());
    }
  }
}
`,
    )
    const java = spawn('java', [join(folder, 'Calls.java'), `http://127.0.0.1:${port}`])
    let out = ''
    java.stdout.on('data', piece => {
      out += piece
    })
    java.stderr.on('data', piece => {
      out += piece
    })
    java.stdin.end(lines.join('\n'))
    await once(java, 'close')
    expect(out.trim().split('\n')).toEqual(calls.map(() => '200'))
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual(
      calls.map(([method, body], index) => [method, `/${index}`, body]),
    )
  }, 60_000)
})

it('500 refused upgrades with late bodies leave no descriptor behind', async () => {
  const { gateway, port } = await start()
  const open = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)
  const before = open()
  const kinds = [
    `POST /x HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: h2c\r\ncontent-length: 100\r\n\r\n`,
    `GET /x HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}\r\n`,
    `GET /x/../y HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}\r\n`,
    `GET /x HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}content-length: 100\r\n\r\n`,
    `DELETE /x HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}transfer-encoding: chunked\r\n\r\n`,
  ]
  for (let round = 0; round < 5; round++)
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        // A client that leaves its side open, and sends on.
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.write(kinds[index % kinds.length] ?? '')
        await once(socket, 'data')
        socket.write('x'.repeat(50))
        socket.resume()
      }),
    )
  const connections = () => new Promise<number>((resolve, reject) => gateway.server.getConnections((e, n) => (e ? reject(e) : resolve(n))))
  await expect.poll(connections, { timeout: 20_000 }).toBe(0)
  for (const socket of sockets) socket.destroy()
  await expect.poll(open, { timeout: 20_000 }).toBeLessThanOrEqual(before + 5)
}, 60_000)

describe('a WebSocket ends', () => {
  /** A client and the upstream's end of its WebSocket; what each is told when it closes. */
  async function opened(port: number, key: SigningKey) {
    return openedWith(port, createSigner(qredoV1, key))
  }
  async function openedWith(port: number, signer: Pick<Signer, 'sign'>) {
    const { headers } = await signer.sign({ method: 'GET', url: `${ORIGIN}/feed` })
    const accepted = once(webSockets, 'connection') as Promise<[WebSocket]>
    const client = new WebSocket(`ws://127.0.0.1:${port}/feed`, { headers })
    const codes = { client: 0, upstream: 0 }
    client.on('close', code => {
      codes.client = code
    })
    await once(client, 'open')
    const [inner] = await accepted
    inner.on('close', code => {
      codes.upstream = code
    })
    inner.send('hello')
    await once(client, 'message')
    return { client, codes }
  }

  it.each([
    ['is revoked', (id: string) => service.keys.setState(ACTOR, 'acme', id, 'revoked')],
    ['is disabled', (id: string) => service.keys.setState(ACTOR, 'acme', id, 'disabled')],
    ['expires', (id: string) => service.keys.update(ACTOR, 'acme', id, { expiresAt: new Date(Date.now() + 1).toISOString() })],
  ] as const)('when its key %s, and no other does', async (_name, change) => {
    const { port } = await start()
    const [key, other] = [await makeKey(), await makeKey()]
    const [ended, stays] = [await opened(port, key), await opened(port, other)]
    await change(key.keyId)
    await expect.poll(() => ended.codes, { timeout: 10_000 }).toEqual({ client: 1008, upstream: 1008 })
    expect(stays.codes).toEqual({ client: 0, upstream: 0 })
    stays.client.terminate()
  })

  /** A key with a secret or a public key, and what replaces that; each gives a signer. */
  const pairOf = () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    return {
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }
  const rotations = {
    'a secret': {
      async make() {
        const key = await makeKey()
        return { keyId: key.keyId, signer: createSigner(qredoV1, key) }
      },
      async rotate(keyId: string, overlapSeconds: number) {
        const { secret } = await service.keys.rotate(ACTOR, 'acme', keyId, { overlapSeconds })
        return createSigner(qredoV1, { keyId, secret: secret ?? '' })
      },
    },
    'a public key': {
      async make() {
        const { publicKey, privateKey } = pairOf()
        const { key } = await service.keys.create(ACTOR, 'acme', { name: 'k', scheme: rfc9421.name, publicKey })
        return { keyId: key.id, signer: createSigner(rfc9421, { keyId: key.id, privateKey }) }
      },
      async rotate(keyId: string, overlapSeconds: number) {
        const { publicKey, privateKey } = pairOf()
        await service.keys.rotate(ACTOR, 'acme', keyId, { overlapSeconds, publicKey })
        return createSigner(rfc9421, { keyId, privateKey })
      },
    },
  }
  const BOTH = { routes: [{ path: '/', schemes: [qredoV1.name, rfc9421.name] }] }

  it.each([
    ['a secret', 0],
    ['a secret', 1],
    ['a public key', 0],
    ['a public key', 1],
  ] as const)('when %s that it was opened with was replaced, %d s after that, and no other of its key does', async (kind, overlap) => {
    const { port } = await start(BOTH)
    const { make, rotate } = rotations[kind]
    const { keyId, signer } = await make()
    const ended = await openedWith(port, signer)
    const from = performance.now()
    const stays = await openedWith(port, await rotate(keyId, overlap))
    await expect.poll(() => ended.codes, { timeout: 10_000 }).toEqual({ client: 1008, upstream: 1008 })
    expect(performance.now() - from).toBeGreaterThanOrEqual(overlap * 1000 - 50)
    // Whatever is wrong with it is seen in the same look.
    expect(stays.codes).toEqual({ client: 0, upstream: 0 })
    stays.client.terminate()
  })

  it('when an older version of the server has put another public key in the place of its own', async () => {
    const { port } = await start(BOTH)
    const { keyId, signer } = await rotations['a public key'].make()
    const ended = await openedWith(port, signer)
    const other = pairOf()
    const replace = async () => {
      await service.database.db.updateTable('api_key').set({ public_key: other.publicKey }).where('id', '=', keyId).execute()
      service.source.forget(keyId)
    }
    await replace()
    await expect.poll(() => ended.codes, { timeout: 10_000 }).toEqual({ client: 1008, upstream: 1008 })
    // A public key of an older version has no id of its own.
    const again = await openedWith(port, createSigner(rfc9421, { keyId, privateKey: other.privateKey }))
    Object.assign(other, pairOf())
    await replace()
    await expect.poll(() => again.codes, { timeout: 10_000 }).toEqual({ client: 1008, upstream: 1008 })
  })

  it('when the gateway drains, which waits for nobody who does not close', async () => {
    const { gateway, port } = await start()
    const { codes } = await opened(port, await makeKey())
    // This one answers nothing.
    const deaf = talk(port, `GET /frames HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}${linesFor(await makeKey(), 'GET', '/frames')}\r\n`)
    await expect.poll(deaf.text).toMatch(/^HTTP\/1\.1 101 /)
    deaf.socket.pause()
    await gateway.drain(3_600_000)
    await expect.poll(() => codes).toEqual({ client: 1001, upstream: 1001 })
  })

  it('without a frame of ours within one of theirs', async () => {
    const { gateway, port } = await start()
    const { text, ended } = talk(port, `GET /frames HTTP/1.1\r\nhost: a\r\n${WEBSOCKET}${linesFor(await makeKey(), 'GET', '/frames')}\r\n`)
    await expect.poll(() => feeds.length).toBe(1)
    // Five bytes are announced, and three have come.
    feeds[0]?.write(Buffer.from([0x82, 5, 97, 98, 99]))
    await expect.poll(text).toMatch(/abc$/)
    await gateway.drain(3_600_000)
    await ended
    expect(text()).toMatch(/abc$/)
  })
})
