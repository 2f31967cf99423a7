import { CountersignError } from '../contract/error.ts'
import { refuseUnknown, wantFunction } from '../contract/refuse-unknown.ts'
import type { Signer } from '../sign/sign.ts'
import { concatBytes } from '../wire/encoding.ts'
import { wireUrl } from '../wire/url.ts'

export interface SignedTestOptions {
  /**
   * The verifier's origin, `https://api.example.com`: supertest calls a port of this machine, which is not what the
   * verifier knows the API by. Default: that port, as `http://127.0.0.1:…`.
   */
  readonly origin?: string | undefined
}

/** What is needed of a request of `node:http`. */
interface NodeRequest {
  method: string
  path: string
  readonly protocol: string
  getHeader(name: string): unknown
  getHeaders(): { readonly [name: string]: unknown }
  setHeader(name: string, value: string): unknown
  write(...given: readonly unknown[]): boolean
  end(...given: readonly unknown[]): unknown
  destroy(error: Error): unknown
}

/** A Test of supertest, or a request of superagent. */
interface TestLike {
  request(): NodeRequest
}

/**
 * A plugin of supertest (and of superagent) that signs a test's request when it is sent, over the bytes that are sent.
 * It may stand anywhere in the chain; `agent.use(signedTest(signer))` signs all of an agent's. What is piped, and files
 * that are attached, are held in memory until they are signed.
 *
 * ```ts
 * await request(app).post('/orders').use(signedTest(signer)).send({ amount: '1' }).expect(201)
 * ```
 *
 * The test fails with CountersignError `redirect-refused` (for a redirect to another server), and what
 * {@link Signer.sign} throws.
 *
 * @throws CountersignError `option-invalid`
 */
export function signedTest(signer: Signer, options: SignedTestOptions = {}): (test: object) => void {
  refuseUnknown(options, ['origin'] satisfies (keyof SignedTestOptions)[], 'signedTest:')
  const { origin } = options
  return test => {
    if (!isTest(test))
      throw new CountersignError(
        'option-invalid',
        'signedTest: a Test of supertest is wanted: request(app).get(…).use(signedTest(signer)).',
      )
    const open = test.request
    const signed = new WeakSet<object>()
    let server: string | undefined
    test.request = function (this: unknown): NodeRequest {
      const request = open.call(this)
      if (signed.has(request)) return request
      signed.add(request)
      const called = `${request.protocol}//${String(request.getHeader('host'))}`
      server ??= called
      signAtEnd(request, signer, origin ?? called, called === server ? undefined : called)
      return request
    }
  }
}

function isTest(test: object): test is TestLike {
  return 'request' in test && wantFunction('request', test.request) === undefined
}

/** @param foreign the server that a redirect has led to, where it isn't the one that was called */
function signAtEnd(request: NodeRequest, signer: Signer, origin: string, foreign: string | undefined): void {
  const end = request.end.bind(request)
  // Bytes and files come in pieces, and are held until all are there.
  const pieces: Uint8Array[] = []
  request.write = (piece, ...more) => {
    pieces.push(bytesOf(piece, more[0]))
    return true
  }
  request.end = (last, ...more) => {
    try {
      if (foreign !== undefined)
        throw new CountersignError('redirect-refused', `The server redirects to ${foreign}, where no signature goes.`)
      if (typeof last === 'string' || last instanceof Uint8Array) pieces.push(bytesOf(last, more[0]))
      const headers = Object.fromEntries(Object.entries(request.getHeaders()).map(([name, value]) => [name, String(value)]))
      const url = wireUrl(origin + request.path)
      const signed = signer.sign({ method: request.method, url, headers, body: pieces.length === 0 ? undefined : concatBytes(pieces) })
      const { pathname, search } = new URL(signed.url)
      request.path = pathname + search
      for (const [name, value] of Object.entries(signed.headers)) request.setHeader(name, value)
      return signed.body === undefined ? end() : end(signed.body)
    } catch (error) {
      return request.destroy(error instanceof Error ? error : new Error('The call was not signed.', { cause: error }))
    }
  }
}

function bytesOf(piece: unknown, encoding: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  return Buffer.from(String(piece), typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}
