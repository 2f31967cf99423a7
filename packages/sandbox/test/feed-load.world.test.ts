import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { V1_BASE } from '../src/index.ts'
import { PATH } from '../src/transactions/lifecycle.ts'
import { advance, cleanUp, client, demoKey, start, time, transactionOf } from './sandbox.ts'

cleanUp()

const CLIENTS = 1_000
const TRANSACTIONS = 1_000
const AT_ONCE = 50

describe('the feed', () => {
  it('tells a thousand clients of every change of a thousand transactions, once and in order', { timeout: 600_000 }, async () => {
    // The sandbox's clock stands still meanwhile, and steps are short: nobody's signature gets too old.
    const sandbox = await start({ stepMs: 1 })
    const { id: keyId, secret } = demoKey(sandbox)
    const clients = spawn(process.execPath, [fileURLToPath(new URL('feed-clients.js', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: clients.stdout })[Symbol.asyncIterator]()
    const url = `${sandbox.origin.replace('http', 'ws')}${V1_BASE}/transactions/feed`
    const expected = TRANSACTIONS * PATH.length
    clients.stdin.write(`${JSON.stringify({ url, keyId, secret, clients: CLIENTS, expected, now: time.now })}\n`)
    expect((await lines.next()).value).toBe('open')
    expect(sandbox.feed.size).toBe(CLIENTS)
    const call = client(sandbox)
    const started = performance.now()
    for (let sent = 0; sent < TRANSACTIONS; sent += AT_ONCE) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => call('POST', '/transaction', transactionOf(sandbox, { note: `${sent + index}` }))),
      )
      expect(answers.every(({ status }) => status === 200)).toBe(true)
    }
    // A step more than there are states: approvals take two.
    await advance(sandbox, PATH.length + 1, 1)
    const report = await lines.next()
    process.stdout.write(`feed: ${CLIENTS * expected} messages in ${Math.round((performance.now() - started) / 1000)} s\n`)
    expect(JSON.parse(String(report.value))).toEqual({ complete: CLIENTS, wrong: 0, closed: 0 })
  })
})
