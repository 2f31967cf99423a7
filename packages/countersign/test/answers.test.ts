import { createServer, type RequestListener } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { secret } from '../src/faults/scene.ts'
import { createSigner, createVerifier, memoryKeys, type Verifier } from '../src/index.ts'
import { qredoV1 } from '../src/schemes/index.ts'
import { overHttp1 } from './body-senders.ts'
import { type Running, runnableServers } from './body-servers.ts'
import { SENDINGS } from './body-table.ts'

const ORIGIN = 'http://api.example'
const signer = createSigner(qredoV1, { keyId: 'k', secret })
const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
const WITH_CLIENTS = runnableServers(true)
/** Frameworks that answer with their own error handler, where a handler of theirs fails. */
const OWN_ERRORS = /Express|Fastify|Koa|Hono/

const unexpected: unknown[] = []
const note = (error: unknown): void => void unexpected.push(error)
beforeEach(() => void process.on('unhandledRejection', note).on('uncaughtException', note))
afterEach(() => {
  process.off('unhandledRejection', note).off('uncaughtException', note)
  unexpected.length = 0
})

/** A key source that answers when it is told to. */
function slowVerifier(): { readonly verifier: Verifier; readonly asked: Promise<void>; answer(): void } {
  let answer = (): void => undefined
  let ask = (): void => undefined
  const asked = new Promise<void>(resolve => {
    ask = resolve
  })
  const verifier = createVerifier(qredoV1, {
    origin: ORIGIN,
    replay: 'off',
    keys: {
      find: id => {
        ask()
        return new Promise(resolve => {
          answer = () => resolve(keys.find(id))
        })
      },
    },
  })
  return { verifier, asked, answer: () => answer() }
}

const turns = async (count: number): Promise<void> => {
  for (; count > 0; count--) await new Promise(resolve => setImmediate(resolve))
}

function call(running: Running, isRight = true) {
  const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: SENDINGS.length.pieces.join('') })
  const more = { 'content-type': 'application/octet-stream', ...(isRight ? {} : { 'qredo-api-sig': 'A'.repeat(43) }) }
  return running.send({ port: running.port, method: 'POST', target: '/x', headers: { ...headers, ...more }, sending: SENDINGS.length })
}

describe.each(WITH_CLIENTS)('%s', (name, start) => {
  it.each([true, false])('does nothing for a call that something else has answered first; signed: %s', async isRight => {
    const { verifier, asked, answer } = slowVerifier()
    const handled = vi.fn()
    const onError = vi.fn()
    const running = await start({ verifier, handled, onError })
    let respond = (): void => undefined
    running.server?.prependListener('request', (_request, response) => {
      respond = () => response.writeHead(503).end('too late')
    })
    const sent = call(running, isRight)
    await asked
    respond()
    expect(await sent).toMatchObject({ status: 503 })
    answer()
    await turns(20)
    await running.close()
    // Web-standard requests don't tell.
    if (!/Hono|fetch/.test(name)) expect(handled).not.toHaveBeenCalled()
    expect(onError).not.toHaveBeenCalled()
    expect(unexpected).toEqual([])
  })

  it('answers 500 where the handler fails', async () => {
    const onError = vi.fn()
    const failure = new Error('The handler failed.')
    const handled = (): never => {
      throw failure
    }
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off' })
    const running = await start({ verifier, handled, onError })
    const { status, text } = await call(running)
    await running.close()
    expect(status).toBe(500)
    if (!OWN_ERRORS.test(name)) {
      expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'internal-error' })
      expect(onError).toHaveBeenCalledExactlyOnceWith(failure, expect.anything())
    }
    expect(unexpected).toEqual([])
  })

  it('answers 500 where the check fails, and tells onError', async () => {
    const onError = vi.fn()
    const clock = (): never => {
      throw new Error('The clock is broken.')
    }
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off', clock })
    const handled = vi.fn()
    const running = await start({ verifier, handled, onError })
    const { status } = await call(running)
    await running.close()
    expect([status, handled.mock.calls.length]).toEqual([500, 0])
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'The clock is broken.' }), expect.anything())
    expect(unexpected).toEqual([])
  })
})

describe('an answer that was begun', () => {
  it('is cut off where the handler fails, which onError is told', async () => {
    const { requireSignature } = await import('../src/adapters/node.ts')
    const onError = vi.fn()
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off' })
    const listener: RequestListener = requireSignature(
      verifier,
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('half')
        throw new Error('The handler failed.')
      },
      { onError },
    )
    const server = createServer(listener).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const answer = await call({ send: overHttp1, port, close: () => undefined })
    server.close()
    expect(answer.text.length).toBeLessThan(100)
    expect(onError).toHaveBeenCalledOnce()
    expect(unexpected).toEqual([])
  })
})
