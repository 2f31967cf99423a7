import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as node } from '../crypto/node.ts'
import type { CryptoProvider, RunningHash } from '../crypto/provider.ts'
import { crypto as web } from '../crypto/web.ts'
import { defineScheme } from '../define/define.ts'
import { memoryKeys } from '../keys/key.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import { qredoV1 } from '../schemes/index.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import { type ExplainedRefusal, type ExplainRefusalsOptions, explainRefusals } from './explain-refusals.ts'

const SECRET = Buffer.alloc(40, 0xfb)
const ORIGIN = 'https://api.example.com'
const TIME = '1647356399'
const MIB = 1_048_576

/** The body in front, behind, twice, and by its hash. */
const SCHEMES: readonly DeclaredScheme[] = [
  qredoV1,
  ...(
    [
      ['in-front', '{body}{timestamp}{method}{url}'],
      ['hashed', '{timestamp}\n{method}\n{url}\n{body|sha256|hex}'],
      ['in-between', '{timestamp}\n{body}\n{method}\n{url}'],
    ] as const
  ).map(([name, message]) =>
    defineScheme({
      name: `body-${name}`,
      title: name,
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['seconds'] },
      secret: { encoding: 'base64' },
      message,
      signature: { encoding: 'base64url' },
      headers: { 'qredo-api-key': '{keyId}', 'qredo-api-ts': '{timestamp}', 'qredo-api-sig': '{signature}' },
    }),
  ),
]

/** Counts the bytes that are hashed; each MiB of them takes a millisecond, and each call a twentieth of one. */
function meteredPlatform(synchronous: CryptoProvider) {
  const count = { bytes: 0, now: 0 }
  const took = (bytes: number): void => {
    count.bytes += bytes
    count.now += bytes / MIB + 0.05
  }
  const running = (hash: RunningHash): RunningHash => ({
    update(bytes) {
      took(bytes.length)
      return running(hash.update(bytes))
    },
    copy: () => running(hash.copy()),
    digest: () => hash.digest(),
  })
  const size = (message: Message): number => messageBytes(message).length
  const crypto: CryptoProvider = {
    ...synchronous,
    ...(synchronous.synchronous ? { startHash: digest => running(createHash(digest)) } : {}),
    hash(digest, message) {
      took(size(message))
      return synchronous.hash(digest, message)
    },
    hashText(digest, message, encoding) {
      took(size(message))
      return synchronous.hashText(digest, message, encoding)
    },
    hmac(digest, secret, encoding) {
      const sign = synchronous.hmac(digest, secret, encoding)
      return message => {
        took(size(message))
        return sign(message)
      }
    },
  }
  return { count, crypto }
}

async function explainOne(
  scheme: DeclaredScheme,
  body: Buffer | undefined,
  signed: string | Buffer,
  options: Partial<ExplainRefusalsOptions>,
) {
  const keys = memoryKeys(scheme, [{ id: 'one', secret: SECRET }])
  const explained = new Promise<ExplainedRefusal>(resolve => {
    const explainer = explainRefusals({ scheme, keys, onExplained: resolve, pause: () => new Promise(setImmediate), ...options })
    const signature = createHmac('sha256', SECRET).update(signed).digest('base64url')
    const headers = { 'qredo-api-key': 'one', 'qredo-api-ts': TIME, 'qredo-api-sig': signature }
    const request = { method: 'POST', target: '/x', headers }
    explainer({ failure: { code: 'bad-signature', keyId: 'one' }, request, body, origin: { origin: ORIGIN, basePath: '' } })
  })
  return (await explained).explanation
}

function jsonOf(size: number): Buffer {
  const items: object[] = []
  for (let length = 2; length < size; length += 60) items.push({ id: items.length, name: 'Smith & Sons', amount: 12.5, days: [1, 2] })
  return Buffer.from(JSON.stringify(items))
}

describe('the work of explaining one refusal', () => {
  const sizes = [0, 10_000, 100_000, MIB, 10 * MIB]
  it.each(SCHEMES.flatMap(scheme => sizes.map(size => [scheme.name, size, scheme] as const)))(
    'is bounded, and pauses in time: %s, a body of %d bytes',
    async (_name, size, scheme) => {
      const { count, crypto } = meteredPlatform(node)
      let since = 0
      let longestMs = 0
      const pause = async (): Promise<void> => {
        longestMs = Math.max(longestMs, count.now - since)
        since = count.now
      }
      const body = size === 0 ? undefined : jsonOf(size)
      const explanation = await explainOne(scheme, body, 'nothing that anybody signs', { crypto, pause, now: () => count.now })
      expect(explanation.outcome).toBe('unexplained')
      // The right message and its signature are told in any case.
      expect(count.bytes).toBeLessThan(41_943_040 + 2 * size + 1_000_000)
      expect(longestMs).toBeLessThan(10)
      expect(explanation.expected.message.length).toBeLessThanOrEqual(65_536)
      expect(explanation.attempts + explanation.skipped).toBeLessThanOrEqual(5_000)
      expect(explanation.attempts).toBeGreaterThan(500)
      if (size === 0) expect(explanation.skipped).toBe(0)
    },
    30_000,
  )

  it('is smaller where the platform answers by promises', async () => {
    const { count, crypto } = meteredPlatform(web)
    const explanation = await explainOne(qredoV1, jsonOf(10_000), 'nothing that anybody signs', { crypto })
    expect(count.bytes).toBeLessThan(8_388_608 + 1_000_000)
    expect(explanation.attempts + explanation.skipped).toBeLessThanOrEqual(1_000)
  })
})

describe('what is found within the budget', () => {
  const python = (body: string): string => body.replaceAll('":', '": ').replaceAll(/,(?=["{\d])/g, ', ')
  const url = `${ORIGIN}/x`
  const MISTAKES: readonly (readonly [code: string, sizes: readonly number[], sign: (body: string) => string])[] = [
    ['method-lower-case', [0, 1_000, 10_000, 100_000, MIB], body => `${TIME}post${url}${body}`],
    ['body-json-dumps', [1_000, 10_000, 30_000], body => `${TIME}POST${url}${python(body)}`],
    ['body-left-out', [1_000, 10_000, 100_000, MIB, 10 * MIB], () => `${TIME}POST${url}`],
    ['timestamp-left-out', [0, 1_000, 10_000, 100_000, MIB], body => `POST${url}${body}`],
    ['url-http-for-https', [0, 1_000, 10_000, 100_000, MIB], body => `${TIME}POST${url.replace('https', 'http')}${body}`],
    ['message-without-url', [0, 1_000, 10_000, 100_000], body => `${TIME}POST${body}`],
  ]
  const platforms = [
    ['node:crypto', node],
    ['WebCrypto', web],
  ] as const
  const cases = MISTAKES.flatMap(([code, allSizes, sign]) =>
    allSizes.flatMap(size =>
      platforms.flatMap(([name, crypto]) => (name === 'WebCrypto' && size > 1_000 ? [] : [[code, size, name, sign, crypto] as const])),
    ),
  )
  it.each(cases)('is %s of a body of %d bytes, by %s', async (code, size, _name, sign, crypto) => {
    const body = size === 0 ? undefined : jsonOf(size)
    const { causes, expected } = await explainOne(qredoV1, body, sign(body?.toString() ?? ''), { crypto })
    expect(causes.map(cause => cause.code)).toEqual([code])
    const right = createHmac('sha256', SECRET)
      .update(`${TIME}POST${url}${body ?? ''}`)
      .digest('base64url')
    expect(expected.signature).toBe(right)
  })
})
