import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Failure } from '../contract/failure.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { refuseUpgrade, requireSignature, verifyUpgrade } from './websocket.ts'

const keys = memoryKeys(qredoV1, [{ id: 'k', secret: Buffer.alloc(60, 5).toString('base64') }])
const verifier = createVerifier(qredoV1, { origin: 'wss://api.example.com', keys })
const UPGRADE = 'GET /feed HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const LISTENERS: readonly (readonly [name: string, make: () => Parameters<Server['on']>[1]])[] = [
  ['requireSignature', () => requireSignature(verifier, () => undefined)],
  [
    'refuseUpgrade, of a server of one’s own',
    () => async (request, socket) => {
      const result = await verifyUpgrade(verifier, request)
      if (!result.ok) refuseUpgrade(socket, result, verifier.scheme.name)
    },
  ],
]

describe.each(LISTENERS)('%s', (_name, make) => {
  it.each([
    ['nothing more', ''],
    ['more than was asked for', 'x'.repeat(2000)],
  ])('keeps no connection of a refused client that leaves its side open and sends %s', async (_sent, behind) => {
    const server = createServer()
    server.on('upgrade', make())
    const client = connect({ port: await listen(server), host: '127.0.0.1', allowHalfOpen: true })
    client.on('error', () => undefined)
    let answer = ''
    client.setEncoding('utf8').on('data', piece => {
      answer += piece
    })
    client.write(UPGRADE + behind)
    await once(client, 'end')
    // It isn't left to the client.
    await new Promise(resolve => server.close(resolve))
    expect(answer).toMatch(/^HTTP\/1\.1 401 .*connection: close.*"code":"missing-header"/s)
    client.destroy()
  })
})

it('tells of a refusal', async () => {
  const refusals: Failure[] = []
  const server = createServer()
  server.on(
    'upgrade',
    requireSignature(verifier, () => undefined, { onRefused: failure => refusals.push(failure) }),
  )
  const client = connect(await listen(server), '127.0.0.1')
  client.resume().write(UPGRADE)
  await once(client, 'close')
  expect(refusals).toMatchObject([{ code: 'missing-header' }])
})

describe('an upgrade', () => {
  const broken = new Error('broken')
  const open = createVerifier(qredoV1, { origin: 'http://a', keys, replay: 'off' })
  const signedUpgrade = (): string => {
    const secret = Buffer.alloc(60, 5).toString('base64')
    const { headers } = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'GET', url: 'http://a/feed' })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return UPGRADE.replace(/\r\n\r\n$/, `\r\n${lines.join('')}\r\n`)
  }
  const answerOf = async (listener: ReturnType<typeof requireSignature>): Promise<string> => {
    const server = createServer()
    server.on('upgrade', listener)
    const client = connect(await listen(server), '127.0.0.1')
    let answer = ''
    client.setEncoding('utf8').on('data', piece => {
      answer += piece
    })
    client.write(signedUpgrade())
    await once(client, 'close')
    return answer
  }

  it.each([
    ['rejects', () => Promise.reject(broken)],
    [
      'throws',
      () => {
        throw broken
      },
    ],
  ])('ends where its handler %s, and tells onError', async (_what, handler) => {
    const onError = vi.fn()
    expect(await answerOf(requireSignature(open, handler, { onError }))).toBe('')
    expect(onError).toHaveBeenCalledExactlyOnceWith(broken, expect.anything())
  })

  it('is answered with 500 where the check fails, and tells onError', async () => {
    const onError = vi.fn()
    const address = (): never => {
      throw broken
    }
    const answer = await answerOf(requireSignature(open, () => undefined, { onError, address }))
    expect(answer).toMatch(/^HTTP\/1\.1 500 .*"code":"internal-error"/s)
    expect(onError).toHaveBeenCalledExactlyOnceWith(broken, expect.anything())
  })
})
