import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSigner, type Scheme } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createSpoolFolder, removeDeadSpools } from '../src/gateway/bodies/spool-folder.ts'
import { MAX_PIPELINED } from '../src/http/pipelining.ts'
import { type AccessEntry, createGateway, type Gateway, type GatewayOptions, type KeyService, openKeyService } from '../src/index.ts'
import { sockets, talk } from './talk.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const SPOOL_BYTES = 10_000
const MAX_BYTES = 60_000
const SCHEMES: readonly Scheme[] = [qredoV1, rfc9421]
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-strangers-'))
const spools = join(folder, 'spools')
const gateways: Gateway[] = []
const log: AccessEntry[] = []
const errors: unknown[] = []
const keys = new Map<string, { keyId: string; secret: string }>()
let service: KeyService
let upstream: Server

const poll = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 })
const portOf = (server: Server): number => (server.address() as AddressInfo).port

beforeAll(async () => {
  mkdirSync(spools)
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  for (const { name } of SCHEMES) {
    const made = await service.keys.create(ACTOR, 'acme', { name, scheme: name })
    keys.set(name, { keyId: made.key.id, secret: made.secret ?? '' })
  }
  upstream = createServer((request, response) => {
    request.resume()
    request.on('error', () => undefined)
    request.on('end', () => response.end('hello'))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(0)))
  for (const list of [log, errors]) list.length = 0
  expect(readdirSync(spools)).toEqual([])
})
afterAll(async () => {
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; port: number }> {
  const gateway = createGateway({
    upstream: `http://127.0.0.1:${portOf(upstream)}`,
    origin: ORIGIN,
    service,
    spoolBytes: SPOOL_BYTES,
    maxBodyBytes: MAX_BYTES,
    spoolFolder: spools,
    onFinished: entry => log.push(entry),
    onError: error => errors.push(error),
    ...options,
  })
  gateways.push(gateway)
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  return { gateway, port: portOf(gateway.server) }
}

interface HeadOptions {
  readonly scheme?: Scheme
  /** Whose key it names: the holder's, with the right signature; the same, with a wrong one; or none that there is. */
  readonly who?: string
  readonly path?: string
  /** The body that is signed, where that is not the one that is sent. */
  readonly signed?: string
}

function headOf(body: string, lines: string, options: HeadOptions = {}): string {
  const { scheme = qredoV1, who = 'holder', path = '/x', signed = body } = options
  const key = keys.get(scheme.name) ?? { keyId: '', secret: '' }
  const credentials = {
    keyId: who === 'nobody' ? 'nobody' : key.keyId,
    secret: who === 'holder' ? key.secret : Buffer.alloc(60, 3).toString('base64'),
  }
  const { headers } = createSigner(scheme, credentials).sign({ method: 'POST', url: ORIGIN + path, body: signed })
  const own = Object.entries(headers).filter(([name]) => name !== 'host' && name !== 'content-length')
  return `POST ${path} HTTP/1.1\r\nhost: api.example.com\r\n${lines}${own.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

const jsonOf = (length: number): string => JSON.stringify({ a: 'x'.repeat(length - 8) })
const CHUNKED = 'transfer-encoding: chunked\r\n'
const ignored = (): void => undefined
const chunksOf = (body: string): string => {
  const half = body.length >> 1
  return [body.slice(0, half), body.slice(half), ''].map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
}
const gaugeOf = async ({ metrics }: Gateway, name: string): Promise<number> =>
  Number(new RegExp(`^countersign_gateway_${name} (\\d+)`, 'm').exec(await metrics.registry.metrics())?.[1])

/** Bodies that somebody keeps now. */
const filesThere = (): readonly string[] =>
  readdirSync(spools).flatMap(name => readdirSync(join(spools, name)).filter(file => !/^(lock|stand-in)$/.test(file)))

describe('a body of an unknown key', () => {
  const small = jsonOf(500)
  const large = jsonOf(50_000)
  const tooLarge = jsonOf(MAX_BYTES + 1)
  const length = (body: string, more = ''): string => `content-length: ${body.length}\r\n${more}`
  interface Sent {
    readonly body: string
    readonly lines: string
    readonly bytes?: string
    readonly signed?: string
  }
  const BODIES: { readonly [name: string]: Sent } = {
    small: { body: small, lines: length(small) },
    'small, in chunks': { body: small, lines: CHUNKED, bytes: chunksOf(small) },
    large: { body: large, lines: length(large) },
    'large, in chunks': { body: large, lines: CHUNKED, bytes: chunksOf(large) },
    'too large': { body: tooLarge, lines: length(tooLarge) },
    'too large, in chunks': { body: tooLarge, lines: CHUNKED, bytes: chunksOf(tooLarge) },
    'asked for': { body: small, lines: length(small, 'expect: 100-continue\r\n') },
    'large, and asked for': { body: large, lines: length(large, 'expect: 100-continue\r\n') },
    'small, and not what was signed': { body: small, lines: length(small), signed: jsonOf(501) },
    'large, and not what was signed': { body: large, lines: length(large), signed: jsonOf(501) },
  }
  const cases = SCHEMES.flatMap(scheme => Object.keys(BODIES).map(name => [scheme.name, name, scheme] as const))

  it.each(cases)('is answered to the last byte as one with a wrong signature is, by %s: %s', async (_scheme, name, scheme) => {
    const { port } = await start({ routes: [{ path: '/', schemes: [scheme.name] }] })
    const { body, lines, bytes = body, signed = body } = BODIES[name] as Sent
    const answers: string[] = []
    for (const who of ['nobody', 'forger']) {
      const { text } = talk(port, headOf(body, lines, { scheme, who, signed }) + bytes)
      await poll(text).toMatch(/"code":"[a-z-]+"/)
      answers.push(text().replace(/x-request-id: .*\r\n|Date: .*\r\n/g, ''))
      // Now and later.
      await poll(filesThere).toEqual([])
    }
    expect(answers[0]).toBe(answers[1])
    expect(errors).toEqual([])
  })

  it.each([
    ['of a known length', (body: string) => `content-length: ${body.length}\r\n`, (body: string) => body.slice(0, -1)],
    ['in chunks', () => CHUNKED, (body: string) => chunksOf(body).slice(0, -1)],
  ])('takes no disk and no memory while it comes, where one of a known key does: %s', async (_name, lines, bytes) => {
    for (const [who, kept] of [
      ['nobody', 0],
      ['forger', 20],
    ] as const) {
      const { gateway, port } = await start()
      let arrived = 0
      gateway.server.on('connection', socket => {
        const timer = setInterval(() => {
          if (socket.bytesRead < large.length) return
          arrived++
          clearInterval(timer)
        }, 5)
        socket.on('close', () => clearInterval(timer))
      })
      const talking = Array.from({ length: 20 }, () => talk(port, headOf(large, lines(large), { who }) + bytes(large)))
      await poll(() => arrived).toBe(20)
      await poll(() => filesThere().length).toBe(kept)
      if (kept === 0) expect(await gaugeOf(gateway, 'spooled_bytes')).toBe(0)
      else await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBeGreaterThan(20 * (large.length - 5))
      for (const { socket } of talking) socket.destroy()
      await poll(() => log.length).toBe(20)
      await poll(filesThere).toEqual([])
      log.length = 0
    }
  })
})

describe('the disk for bodies', () => {
  const large = jsonOf(50_000)
  const head = (path: string): string => headOf(large, `content-length: ${large.length}\r\n`, { path })

  it('has a total, of which the unfinished body that began first is let go, with 507 and in the log', async () => {
    const { gateway, port } = await start({ maxSpoolBytes: 120_000 })
    const first = talk(port, head('/first') + large.slice(0, -1))
    await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBe(large.length - 1)
    const second = talk(port, head('/second') + large.slice(0, -1))
    await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBe(2 * (large.length - 1))
    const third = talk(port, head('/third') + large)
    await poll(third.text).toMatch(/^HTTP\/1\.1 200 /)
    await poll(first.text).toMatch(/^HTTP\/1\.1 507 .*"code":"spool-full"/s)
    expect(log.filter(({ path }) => path === '/first')).toMatchObject([{ status: 507, outcome: 'failed', code: 'spool-full' }])
    expect(errors.map(String)).toEqual([expect.stringContaining('maxSpoolBytes')])
    second.socket.write(large.slice(-1))
    await poll(second.text).toMatch(/^HTTP\/1\.1 200 /)
    await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBe(0)
    await poll(filesThere).toEqual([])
  })

  it('is given back by a client that leaves', async () => {
    const { gateway, port } = await start()
    const { socket } = talk(port, head('/x') + large.slice(0, -1))
    await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBe(large.length - 1)
    socket.destroy()
    await poll(() => gaugeOf(gateway, 'spooled_bytes')).toBe(0)
    await poll(filesThere).toEqual([])
    expect(errors).toEqual([])
  })

  const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
  it.skipIf(!canMount)('that is full is a 507 and in the log (only where a user may mount a disk)', () => {
    // In a process with a disk of its own, which is full after some pages.
    const script = join(folder, 'full-disk.mjs')
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    writeFileSync(
      script,
      `import { createServer } from 'node:http'
      import { createGateway, openKeyService } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
      const service = await openKeyService({ store: ${JSON.stringify(join(folder, 'keys.db'))} })
      const errors = []
      const gateway = createGateway({ upstream: 'http://127.0.0.1:9', origin: ${JSON.stringify(ORIGIN)}, service, spoolBytes: 1000,
        spoolFolder: ${JSON.stringify(disk)}, onError: error => errors.push(error.message) })
      await new Promise(done => gateway.server.listen(0, '127.0.0.1', done))
      const { connect } = await import('node:net')
      const socket = connect(gateway.server.address().port, '127.0.0.1', () => socket.write(process.env.HEAD + process.env.BODY))
      let text = ''
      socket.on('data', piece => { text += piece; if (text.includes('}')) { console.log(JSON.stringify({ text, errors })); process.exit() } })
      `,
    )
    const printed = execFileSync(
      'unshare',
      ['-Urm', 'sh', '-c', `mount -t tmpfs -o size=16k none ${disk} && exec ${process.execPath} ${script}`],
      {
        encoding: 'utf8',
        env: { ...process.env, HEAD: head('/x'), BODY: large },
        timeout: 60_000,
      },
    )
    const { text, errors: reported } = JSON.parse(printed) as { text: string; errors: string[] }
    expect(text).toMatch(/^HTTP\/1\.1 507 .*"code":"spool-full"/s)
    expect(reported).toEqual(['The disk for spooled bodies is full.'])
  })
})

/** Of a process of its own, which runs what is built. */
const BUILT = fileURLToPath(new URL('../dist/gateway/bodies/spool-folder.js', import.meta.url))

/** What a process says next, unless it ends. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The process ended with ${code}.`)))
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
  ended.catch(ignored)
  return message
}

describe('the folder of a process', () => {
  it('that was killed is removed at the next start, and no other', async () => {
    const parent = join(folder, 'parents')
    mkdirSync(parent)
    const script = join(folder, 'holds.mjs')
    writeFileSync(
      script,
      `import { createSpoolFolder } from ${JSON.stringify(BUILT)}; process.send(await createSpoolFolder(${JSON.stringify(parent)}).path()); setInterval(() => {}, 1000)`,
    )
    const [killed, living] = [fork(script), fork(script)]
    try {
      const [deadPath, livePath] = (await Promise.all([messageOf(killed), messageOf(living)])) as [string, string]
      const own = createSpoolFolder(parent)
      const ownPath = await own.path()
      for (const path of [deadPath, livePath, ownPath]) writeFileSync(join(path, 'body'), 'x')
      const others = ['countersign-gateway-elsewhere-abcdef', 'countersign-gateway-', 'something-else'].map(name => join(parent, name))
      for (const path of others) mkdirSync(path)
      await removeDeadSpools(parent, ignored)
      const there = (): readonly string[] =>
        readdirSync(parent)
          .map(name => join(parent, name))
          .sort()
      expect(there()).toEqual([deadPath, livePath, ownPath, ...others].sort())
      killed.kill('SIGKILL')
      await once(killed, 'exit')
      await removeDeadSpools(parent, ignored)
      expect(there()).toEqual([livePath, ownPath, ...others].sort())
      await own.close()
      expect(there()).toEqual([livePath, ...others].sort())
    } finally {
      for (const child of [killed, living]) child.kill('SIGKILL')
    }
  })

  it.skipIf(process.getuid?.() !== 0)(
    'of another user, which can’t be removed, keeps none of the others (only as root, who can be two users)',
    async () => {
      const parent = mkdtempSync(join(tmpdir(), 'countersign-shared-'))
      const script = join(parent, 'user.mjs')
      writeFileSync(
        script,
        `import { createSpoolFolder, removeDeadSpools } from ${JSON.stringify(BUILT)}
      const errors = []
      process.send({ path: await createSpoolFolder(${JSON.stringify(parent)}).path() })
      process.on('message', async () => {
        await removeDeadSpools(${JSON.stringify(parent)}, error => errors.push(error.code))
        process.send({ errors })
      })`,
      )
      chmodSync(parent, 0o1777)
      const others = { uid: 65_534, gid: 65_534 }
      const children = [fork(script), fork(script, others), fork(script, others)] as const
      try {
        const made = await Promise.all(children.map(async child => ((await messageOf(child)) as { path: string }).path))
        for (const child of children.slice(0, 2)) {
          child.kill('SIGKILL')
          await once(child, 'exit')
        }
        // Anyone may see that its process is dead.
        chmodSync(made[0] ?? '', 0o755)
        chmodSync(join(made[0] ?? '', 'lock'), 0o777)
        children[2].send('remove')
        const { errors: told } = (await messageOf(children[2])) as { errors: readonly string[] }
        expect(told).toEqual(['EACCES'])
        expect(made.map(path => existsSync(path))).toEqual([true, false, true])
      } finally {
        for (const child of children) child.kill('SIGKILL')
        rmSync(parent, { recursive: true, force: true })
      }
    },
  )

  it('is for one user alone, and is made anew where it could not be made', async () => {
    const parent = join(folder, 'later')
    const own = createSpoolFolder(parent)
    await expect(own.path()).rejects.toThrow('ENOENT')
    mkdirSync(parent)
    expect(await own.path()).toBe(await own.path())
    await own.close()
    expect(readdirSync(parent)).toEqual([])
    await removeDeadSpools(join(folder, 'nowhere'), ignored)
  })
})

describe('the log', () => {
  it.each([
    ['holder', [{ path: '/', schemes: ['qredo-v1'], permission: ['web3'] }], ORIGIN, 403, 'permission-denied', /web3/],
    ['forger', undefined, ORIGIN, 401, 'bad-signature', /signature/],
    ['nobody', undefined, ORIGIN, 401, 'unknown-key', /./],
    ['holder', undefined, [ORIGIN, 'https://other.example'], 421, 'unknown-origin', /elsewhere\.example/],
  ] as const)('names the key of a refused call, by %s, and what was wrong', async (who, routes, origin, status, code, detail) => {
    const { port } = await start({ origin, ...(routes === undefined ? {} : { routes }) })
    const body = jsonOf(100)
    const host = status === 421 ? 'elsewhere.example' : 'api.example.com'
    const { text } = talk(port, headOf(body, `content-length: ${body.length}\r\n`, { who }).replace('api.example.com', host) + body)
    await poll(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    await poll(() => log.length).toBe(1)
    const keyId = keys.get('qredo-v1')?.keyId
    expect(log).toMatchObject([
      {
        code,
        detail: expect.stringMatching(detail) as string,
        keyId: status === 403 ? keyId : undefined,
        ...(status === 401 ? { claimedKeyId: who === 'nobody' ? who : keyId } : {}),
      },
    ])
  })
})

describe('a connection', () => {
  const calls = (count: number): string => 'GET /x HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(count)
  const answersIn = (text: string): number => text.split('HTTP/1.1 401 ').length - 1

  it('that sends requests by the thousand without waiting has the first ones answered, and ends', async () => {
    const { port } = await start()
    const { text, ended } = talk(port, calls(5000))
    await ended
    expect(answersIn(text())).toBe(MAX_PIPELINED)
    await poll(() => log.length).toBe(MAX_PIPELINED)
    expect(errors).toEqual([])
  })

  it('that has requests dropped is told of once, and each of them is counted', async () => {
    const flooded: unknown[] = []
    const { port, gateway } = await start({ maxPipelined: 3, onFlooded: address => flooded.push(address) })
    const { text, ended } = talk(port, calls(10))
    await ended
    expect(answersIn(text())).toBe(3)
    expect(flooded).toEqual(['127.0.0.1'])
    expect(await gaugeOf(gateway, 'dropped_requests_total')).toBe(7)
  })

  it('that says nothing in its TLS handshake keeps no gateway from stopping', async () => {
    const { gateway, port } = await start({ tls: { cert: '', key: '' } })
    const { socket, ended } = talk(port, '')
    await once(gateway.server, 'connection')
    await gateway.drain(1)
    await ended
    expect(socket.destroyed).toBe(true)
  })

  it.each([
    ['too large', 413, MAX_BYTES * 100, 'holder'],
    ['of an unknown key, and too large', 413, MAX_BYTES * 100, 'nobody'],
  ])('that still sends a body which is %s has its answer', async (_what, status, length, who) => {
    const { port } = await start()
    const head = headOf(jsonOf(500), `content-length: ${length}\r\n`, { who })
    const tries = Array.from({ length: 20 }, async () => {
      const { text, socket, ended } = talk(port, head)
      socket.write(Buffer.alloc(length, 'x'))
      await ended
      return text()
    })
    for (const text of await Promise.all(tries)) expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  it('may send as many as are worked on at once, again and again', async () => {
    const { port } = await start()
    const { text, socket } = talk(port, calls(MAX_PIPELINED))
    for (let round = 1; round <= 3; round++) {
      await poll(() => answersIn(text())).toBe(round * MAX_PIPELINED)
      socket.write(calls(MAX_PIPELINED))
    }
    await poll(() => answersIn(text())).toBe(4 * MAX_PIPELINED)
  })

  it('has its headers looked for every second, and 10 s for them', async () => {
    const { gateway } = await start()
    const { headersTimeout, connectionsCheckingInterval } = gateway.server as Server & { connectionsCheckingInterval?: number }
    const interval = connectionsCheckingInterval ?? Number.NaN
    expect(headersTimeout + interval).toBeLessThanOrEqual(10_000)
  })
})
