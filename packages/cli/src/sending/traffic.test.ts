import { defineScheme } from 'countersign'
import { kucoin } from 'countersign/schemes'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { tellingFetch } from './traffic.ts'

const inQuery = defineScheme({
  name: 'in-query',
  title: 'In the query',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'utf8' },
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}{method}{target}',
  signature: { encoding: 'hex' },
  query: { pass: '{passphrase}', ts: '{timestamp}', sig: '{signature}' },
})

afterEach(() => vi.restoreAllMocks())

/** What is told of a call and its answer. */
async function told(scheme: Parameters<typeof tellingFetch>[0], url: string, sent: HeadersInit, answered: HeadersInit): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await tellingFetch(scheme, async () => new Response('', { headers: answered }))(url, { headers: sent })
  return write.mock.calls.map(([text]) => String(text)).join('')
}

describe('tellingFetch', () => {
  it.each([
    ['a passphrase that the scheme carries in a header', kucoin, '/x', { 'kc-api-passphrase': 'hide-me' }, {}],
    ['a passphrase that the scheme carries in the query', inQuery, '/x?pass=hide-me&sig=shown', {}, {}],
    ['a parameter that is a token by its name', inQuery, '/x?access%5Ftoken=hide-me', {}, {}],
    ['a header of a caller that is a secret by its name', inQuery, '/x', { 'X-Api-Key': 'hide-me' }, {}],
    ['a cookie that is set', inQuery, '/x', {}, { 'set-cookie': 'session=hide-me' }],
  ])('hides %s', async (_what, scheme, target, sent, answered) => {
    const text = await told(scheme, `http://localhost:9${target}`, sent, answered)
    expect(text).toContain('(hidden)')
    expect(text).not.toContain('hide-me')
  })

  it('shows key id, timestamp and signature, which are no secrets, whatever their names are', async () => {
    const sent = { 'kc-api-key': 'the-key', 'kc-api-sign': 'the-signature' }
    const text = await told(kucoin, 'http://localhost:9/x?a=1', sent, { 'x-kind': 'y' })
    for (const shown of ['> GET /x?a=1 HTTP/1.1', '> kc-api-key: the-key', '> kc-api-sign: the-signature', '< x-kind: y'])
      expect(text).toContain(shown)
  })

  it('lets no header write to the terminal', async () => {
    expect(await told(kucoin, 'http://localhost:9/x', {}, { 'x-a': 'a\u009b31mb' })).toContain('a\\u009b31mb')
  })
})
