import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Checked } from './check.ts'
import { createListener, type Entry } from './listener.ts'

const AT_ONCE = 32
const closing: (() => unknown)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

it('works on 32 requests at once, answers one more with 503, and takes others when they are done', async () => {
  const entries: Entry[] = []
  const waiting: ((checked: Checked) => void)[] = []
  const server = createServer(
    createListener({
      schemeName: 'rfc9421',
      check: () => new Promise(resolve => waiting.push(resolve)),
      explainRefused: () => Promise.resolve(undefined),
      target: undefined,
      forwardsUnverified: false,
      maxBodyBytes: 1_000,
      redact: text => text,
      onEntry: entry => entries.push(entry),
      onError: () => undefined,
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const call = async (): Promise<number> => (await fetch(url)).status

  const held = Array.from({ length: AT_ONCE }, call)
  await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(AT_ONCE)
  expect(await call()).toBe(503)
  expect(entries.map(({ problem }) => problem?.code)).toEqual(['too-many-requests'])

  const refused = { ok: false, failure: { code: 'signature-missing' } } as unknown as Checked['result']
  const release = (): void => {
    for (const done of waiting.splice(0)) done({ result: refused, isRepeat: false, refusal: undefined })
  }
  release()
  expect(new Set(await Promise.all(held))).not.toContain(503)
  const next = call()
  await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(1)
  release()
  expect(await next).not.toBe(503)
})
