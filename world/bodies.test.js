/**
 * The table of bodies of docs/frameworks.md, held against frameworks as they are published: a handler sees the bytes
 * that were signed, or is not reached, and no call is left without an answer.
 */

import { readFileSync } from 'node:fs'
import { createSigner, createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expectedAnswer, LIMIT, SENDINGS, SIGNINGS, signedBody } from '../packages/countersign/test/body-table.ts'
import { EXPRESS } from './express.js'
import { FETCHING } from './fetching.js'
import { EVENTS, LAMBDAS, WRAPPERS } from './lambda.js'
import { NESTS } from './nest.js'
import { closeNext, NEXT } from './next.js'
import { SVELTE } from './svelte.js'

/** As the docs list them; each of the wrappers is tested with each of the events. */
const FRAMEWORKS = { ...EXPRESS, ...NESTS, ...FETCHING, ...NEXT, ...SVELTE }
const ROWS = { ...FRAMEWORKS, ...LAMBDAS }

const ORIGIN = 'http://api.example'
const secret = Buffer.alloc(40, 5).toString('base64')
const signer = createSigner(qredoV1, { keyId: 'k', secret })
/** No call may take longer: none hangs. */
const BOUND_MS = 10_000

const CASES = Object.entries(SENDINGS).flatMap(([name, sending]) =>
  Object.keys(SIGNINGS)
    .map(signing => ({ name, sending, signing, expected: expectedAnswer(sending, signing) }))
    .filter(({ expected }) => expected !== undefined),
)

afterAll(closeNext)

describe.each(Object.entries(ROWS))('bodies of %s', (_title, start) => {
  let running
  let handled = 0
  const errors = []
  beforeAll(async () => {
    const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off', limits: { maxBodyBytes: LIMIT } })
    running = await start({ verifier, handled: () => handled++, onError: error => errors.push(error) })
  })
  afterAll(() => running?.close())
  beforeEach(() => {
    handled = 0
    errors.length = 0
  })

  const send = (sending, signing) => {
    const { target = '/x' } = running
    const { headers } = signer.sign({ method: 'POST', url: ORIGIN + target, body: signedBody(sending, signing) })
    const more = { 'content-type': running.contentType ?? 'application/json' }
    return running.send({ port: running.port, method: 'POST', target, headers: { ...headers, ...more }, sending })
  }

  it.each(CASES)(
    '$name, $signing: $expected',
    async ({ sending, signing, expected }) => {
      if (running.hasNoClients && expected === 'nothing') return
      const { accepted = 200, result = answer => answer } = running
      const { status, text } = await send(sending, signing)
      const sent = sending.pieces.join('')
      expect([status, text]).toEqual([expected === 200 ? accepted : expected, expect.any(String)])
      if (expected === 200) expect(result(JSON.parse(text))).toEqual({ verified: sent, read: sent })
      // It goes on, and by then a server has seen that a client left.
      expect((await send(SENDINGS.length, 'right')).status).toBe(accepted)
      expect(handled).toBe(expected === 200 ? 2 : 1)
      expect(errors).toEqual([])
    },
    BOUND_MS,
  )

  it.each(['length', 'unknown'])('4 MiB, %s: is refused, and holds nothing up', async framing => {
    if (running.hasNoClients) return
    const { status } = await send({ ...SENDINGS[framing], pieces: ['"', ...Array(64).fill('x'.repeat(65_536))] }, 'right')
    // A framework may have a limit of its own, and a client that still sends may lose the answer with its connection.
    expect([status, Number.isNaN(status) || status === 413 || status === 400]).toEqual([status, true])
    expect((await send(SENDINGS.length, 'right')).status).toBe(running.accepted ?? 200)
    expect(handled).toBe(1)
  })

  it('a client that sends a whole call without a signature and leaves reaches no handler', async () => {
    if (running.hasNoClients) return
    const { target = '/x' } = running
    for (const framing of ['length', 'none'])
      for (let at = 0; at < 20; at++) {
        const sending = { ...SENDINGS[framing], pieces: [...SENDINGS[framing].pieces, ''], isAborted: true }
        const headers = { 'content-type': running.contentType ?? 'application/json' }
        await running.send({ port: running.port, method: 'POST', target, headers, sending })
      }
    expect((await send(SENDINGS.length, 'right')).status).toBe(running.accepted ?? 200)
    expect(handled).toBe(1)
  })
})

it('docs/frameworks.md lists what is tested', () => {
  const page = readFileSync(new URL('../docs/frameworks.md', import.meta.url), 'utf8')
  const lists = [FRAMEWORKS, WRAPPERS, EVENTS].map(rows => Object.keys(rows).join('; '))
  for (const list of lists) expect(page).toContain(list)
})
