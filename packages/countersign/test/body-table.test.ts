import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { secret } from '../src/faults/scene.ts'
import { createSigner, createVerifier, memoryKeys } from '../src/index.ts'
import { qredoV1 } from '../src/schemes/index.ts'
import { HAS_OPENSSL, type Running, runnableServers, SERVERS } from './body-servers.ts'
import { docsTable, expectedAnswer, LIMIT, SENDINGS, type Sending, SIGNINGS, type Signing, signedBody } from './body-table.ts'

const ORIGIN = 'http://api.example'
const signer = createSigner(qredoV1, { keyId: 'k', secret })
/** No call may take longer: none hangs. */
const BOUND_MS = 10_000

const CASES = Object.entries(SENDINGS).flatMap(([name, sending]: [string, Sending]) =>
  (Object.keys(SIGNINGS) as Signing[])
    .map(signing => ({ name, sending, signing, expected: expectedAnswer(sending, signing) }))
    .filter(({ expected }) => expected !== undefined),
)

describe.each(runnableServers())('bodies of %s', (_name, start) => {
  let running: Running
  let handled = 0
  const errors: unknown[] = []
  beforeAll(async () => {
    const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off', limits: { maxBodyBytes: LIMIT } })
    running = await start({ verifier, handled: () => handled++, onError: error => errors.push(error) })
  })
  afterAll(() => running.close())
  afterEach(() => {
    handled = 0
    errors.length = 0
  })

  const send = (sending: Sending, signing: Signing) => {
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: signedBody(sending, signing) })
    const more = { 'content-type': 'application/octet-stream' }
    return running.send({ port: running.port, method: 'POST', target: '/x', headers: { ...headers, ...more }, sending })
  }

  it.each(CASES)(
    '$name, $signing: $expected',
    async ({ sending, signing, expected }) => {
      if (running.hasNoClients && expected === 'nothing') return
      const { status, text } = await send(sending, signing)
      const sent = sending.pieces.join('')
      // Without a socket, there is an answer to a client that left.
      if (expected === 'nothing') expect([status, 'nothing', 400].includes(status), String(status)).toBe(true)
      else expect([status, text]).toEqual([expected, expect.any(String)])
      if (expected === 200) expect(JSON.parse(text)).toEqual({ verified: sent, read: sent })
      expect(handled).toBe(expected === 200 ? 1 : 0)
      expect(errors).toEqual([])
      // It goes on.
      expect((await send(SENDINGS.unknown, 'right')).status).toBe(200)
    },
    BOUND_MS,
  )
})

if (!HAS_OPENSSL) it.skip('over TLS: needs openssl')

it('docs/frameworks.md has the table that is tested', () => {
  const page = readFileSync(new URL('../../../docs/frameworks.md', import.meta.url), 'utf8')
  expect(page).toContain(docsTable(Object.keys(SERVERS)))
})
