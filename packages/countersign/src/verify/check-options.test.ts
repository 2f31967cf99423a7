import { describe, expect, it } from 'vitest'
import * as express from '../adapters/express.ts'
import * as fastify from '../adapters/fastify.ts'
import * as hono from '../adapters/hono.ts'
import * as koa from '../adapters/koa.ts'
import * as node from '../adapters/node.ts'
import * as web from '../adapters/web.ts'
import * as websocket from '../adapters/websocket.ts'
import { explainRefusals } from '../explain/explain-refusals.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createVerifier } from './verify.ts'

const options = { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, []) }
const verifier = createVerifier(qredoV1, options)

/** As a program has them that keeps options in a variable, where the compiler does not look at every name. */
const shared = (more: object): object => ({ onRefused: () => undefined, ...more })

const ADAPTERS: { readonly [name: string]: (options: object) => unknown } = {
  express: given => express.requireSignature(verifier, given),
  fastify: given => fastify.requireSignature(verifier, given),
  koa: given => koa.requireSignature(verifier, given),
  hono: given => hono.requireSignature(verifier, given),
  node: given => node.requireSignature(verifier, () => undefined, given),
  web: given => web.requireSignature(verifier, () => new Response(), given),
  websocket: given => websocket.requireSignature(verifier, () => undefined, given),
}

describe('a misspelled option does not let anyone in', () => {
  it.each(Object.entries(ADAPTERS))('of countersign/%s', (_name, require) => {
    expect(() => require(shared({ permissions: ['balance'] }))).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining('did you mean permission?') as string }),
    )
    expect(() => require(shared({ permission: undefined }))).toThrow(/option permission is a name/)
    expect(() => require(shared({ permission: 'balance', address: () => '127.0.0.1' }))).not.toThrow()
  })

  it.each([
    [{ tolerance: 5 }, /did you mean toleranceMs\?/],
    [{ permission: 'x' }, /Unknown option permission/],
    [{ limits: { maxBody: 5 } }, /limits: Unknown option maxBody/],
  ] as readonly (readonly [object, RegExp])[])('of a verifier: %o', (more, message) => {
    expect(() => createVerifier(qredoV1, { ...options, ...more })).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) as string }),
    )
  })
})

describe('an option of the wrong kind is refused', () => {
  const keys = memoryKeys(qredoV1)
  it.each<readonly [string, () => unknown]>([
    ['createVerifier, onRefused', () => createVerifier(qredoV1, { origin: 'https://a.example', keys, onRefused: true as never })],
    ['createVerifier, clock', () => createVerifier(qredoV1, { origin: 'https://a.example', keys, clock: 5 as never })],
    ['createVerifier, timer', () => createVerifier(qredoV1, { origin: 'https://a.example', keys, timer: 5 as never })],
    ['createVerifier, limits', () => createVerifier(qredoV1, { origin: 'https://a.example', keys, limits: 5 as never })],
    ['createVerifier, origin', () => createVerifier(qredoV1, { keys } as never)],
    ['memoryReplayGuard, a misspelling', () => memoryReplayGuard({ maxByte: 1 } as never)],
    ['memoryReplayGuard, onNearlyFull', () => memoryReplayGuard({ onNearlyFull: 5 as never })],
    ['memoryReplayGuard, too little memory', () => memoryReplayGuard({ maxBytes: 1 })],
    [
      'explainRefusals, a misspelling',
      () => explainRefusals({ scheme: qredoV1, keys, onExplained: () => undefined, perSecnd: 1 } as never),
    ],
    ['explainRefusals, nobody to tell', () => explainRefusals({ scheme: qredoV1, keys } as never)],
    ['explainRefusals, no keys', () => explainRefusals({ scheme: qredoV1, onExplained: () => undefined } as never)],
  ])('%s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/[.]$/) }))
  })
})
