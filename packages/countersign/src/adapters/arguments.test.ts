import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createVerifier } from '../verify/verify.ts'
import * as forExpress from './express.ts'
import * as forFastify from './fastify.ts'
import * as forHono from './hono.ts'
import * as forKoa from './koa.ts'
import * as forNode from './node.ts'
import * as forWeb from './web.ts'
import * as forWebSocket from './websocket.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const verifier = createVerifier(qredoV1, { origin: 'http://a.example', keys: memoryKeys(qredoV1, [{ id: 'k', secret }]) })
const handler = (): undefined => undefined

type Make = (verifier: unknown, options?: unknown, handler?: unknown) => unknown

const WITHOUT_HANDLER: { readonly [name: string]: Make } = {
  express: (own, options) => forExpress.requireSignature(own as never, options as never),
  fastify: (own, options) => forFastify.requireSignature(own as never, options as never),
  hono: (own, options) => forHono.requireSignature(own as never, options as never),
  koa: (own, options) => forKoa.requireSignature(own as never, options as never),
  'signed()': (own, options) => forNode.signed(own as never, options as never),
}
const WITH_HANDLER: { readonly [name: string]: Make } = {
  node: (own, options, given) => forNode.requireSignature(own as never, given as never, options as never),
  web: (own, options, given) => forWeb.requireSignature(own as never, given as never, options as never),
  websocket: (own, options, given) => forWebSocket.requireSignature(own as never, given as never, options as never),
}
const refused = (message: RegExp) => expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) as string })

describe.each(Object.entries({ ...WITHOUT_HANDLER, ...WITH_HANDLER }))('%s', (name, make) => {
  const options: readonly (readonly [string, object, RegExp])[] = [
    ['address', { address: '1.2.3.4' }, /^The option address is a function; got 1\.2\.3\.4\.$/],
    ['target', { target: '/x' }, /^The option target is a function/],
    ['onRefused', { onRefused: true }, /^The option onRefused is a function/],
    ['onError', { onError: 1 }, /^The option onError is a function/],
    ['trustedProxies, as a text', { trustedProxies: '10.0.0.0/8' }, /list of addresses and CIDR ranges/],
    ['trustedProxies, as a switch', { trustedProxies: true }, /list of addresses and CIDR ranges/],
    ...[undefined, null, {}, [], '', ['a', ''], 7].map(
      permission => [`permission ${JSON.stringify(permission)}`, { permission }, /^The option permission is a name/] as const,
    ),
    ['a misspelled option', { targt: () => '/' }, /did you mean target/],
  ]
  it.each(options)('refuses when it is made: %s', (_what, given, message) => {
    expect(() => make(verifier, given, handler)).toThrow(refused(message))
  })

  it.each([undefined, null, qredoV1, 'qredo-v1', ...(name === 'web' ? [] : [() => verifier])])('refuses what is no verifier: %j', own => {
    expect(() => make(own, {}, handler)).toThrow(refused(/first argument is a verifier/))
  })
})

describe.each(Object.entries(WITH_HANDLER))('%s', (_name, make) => {
  it.each([undefined, null, {}])('refuses what is no handler: %j', given => {
    expect(() => make(verifier, {}, given)).toThrow(refused(/second argument is the handler/))
  })
})

it.each([undefined, 'x', 'https://a.example/x', ''])(
  'a target that is none is the server’s mistake, not the caller’s: %j',
  async target => {
    const errors: unknown[] = []
    const handle = forWeb.requireSignature(verifier, () => new Response(), {
      target: () => target as string,
      onError: error => errors.push(error),
    })
    expect((await handle(new Request('http://a.example/x'))).status).toBe(500)
    expect(errors).toEqual([refused(/^The option target gives path and query/)])
  },
)
