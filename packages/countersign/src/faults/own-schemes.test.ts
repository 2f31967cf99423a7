import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CountersignError, createSigner, createVerifier, defineScheme, memoryKeys, type SchemeDeclaration } from '../index.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { codeOf, NOW, ORIGIN, passphrase, SECONDS, secretBytes } from './scene.ts'

const define = defineScheme as (declaration: unknown) => ReturnType<typeof defineScheme>
const base = {
  name: 'own',
  title: 'Own',
  algorithm: 'hmac-sha256',
  signature: { encoding: 'hex' },
  timestamp: { formats: ['seconds'] },
} as const

type Given = Pick<SchemeDeclaration, 'headers' | 'query'> & { readonly form?: object }

describe('a value of one of one’s own schemes that travels twice', () => {
  const fields = ['keyId', 'timestamp', 'nonce', 'window', 'passphrase'] as const
  const places: { readonly [name: string]: (field: string, index: number) => Given } = {
    header: (field, index) => ({ headers: { [`x-${field.toLowerCase()}-${index}`]: `{${field}}` } }),
    list: (field, index) => ({ headers: { [`x-list-${index}`]: { separator: ',', items: [`${index}={${field}}`] } } }),
    query: (field, index) => ({ query: { [`${field}${index}`]: `{${field}}` } }),
    form: (field, index) => ({ form: { [`${field}${index}`]: `{${field}}` } }),
  }
  const names = Object.keys(places)
  const cases = fields.flatMap(field =>
    names
      .flatMap(one => names.map(other => [field, one, other] as const))
      .filter(([, ...both]) => !both.includes('form') || /^(?:timestamp|nonce)$/.test(field)),
  )

  it.each(cases)('is refused: {%s} in %s and %s', (field, one, other) => {
    const declare = (...given: readonly Given[]): unknown => {
      const all = { keyId: '{keyId}', window: '{window}', timestamp: '{timestamp}', nonce: '{nonce}' }
      const { [field as 'keyId']: _, ...rest } = all
      const headers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [`x-own-${name.toLowerCase()}`, value]))
      return {
        ...base,
        parameters: { window: { characters: 'digits', default: '5' } },
        message: '{timestamp}\n{nonce}\n{window}\n{method}\n{target}\n{body}',
        headers: { ...headers, 'x-sig': '{signature}', ...Object.assign({}, ...given.map(({ headers: more }) => more)) },
        query: Object.assign({}, ...given.map(({ query }) => query)),
        form: Object.assign({}, ...given.map(({ form }) => form)),
      }
    }
    const [first, second] = [places[one]?.(field, 1) ?? {}, places[other]?.(field, 2) ?? {}]
    expect(() => define(declare(first))).not.toThrow()
    expect(() => define(declare(first, second))).toThrow(/a value travels once/)
  })
})

describe('a time or a nonce in a form', () => {
  const variants = [
    ['a time', { timestamp: base.timestamp, form: { ts: '{timestamp}' } }, `ts=${SECONDS}`],
    ['a nonce', { form: { n: '{nonce}' }, timestamp: undefined }, 'n=1'],
  ] as const
  const messages = ['{method}{url}\n{payload|sha256|hex}', '{method}\n{target}\n{payload}']

  it.each(variants.flatMap(([name, members, body]) => messages.map(message => [name, message, members, body] as const)))(
    'counts only where the body is signed: %s, %s',
    async (_name, message, members, body) => {
      const { timestamp, ...rest } = { ...base, ...members }
      const scheme = define({
        ...rest,
        ...(timestamp === undefined ? {} : { timestamp }),
        message,
        headers: { 'x-key': '{keyId}', 'x-sig': '{signature}' },
      })
      const keys = memoryKeys(scheme, [{ id: 'k', secret: secretBytes }])
      const { verify } = createVerifier(scheme, {
        origin: ORIGIN,
        keys,
        clock: () => NOW,
        only: { body: 'any' },
        allow: ['ambiguous-request', 'which-place'],
      })
      const send = async (method: string): Promise<string> => {
        // By hand, since a signer may refuse what no verifier takes.
        const payload = method === 'POST' ? body : ''
        const text = message.includes('sha256')
          ? `${method}${ORIGIN}/order\n${createHash('sha256').update(payload).digest('hex')}`
          : `${method}\n/order\n${payload}`
        const signature = createHmac('sha256', secretBytes).update(text).digest('hex')
        return codeOf(await verify({ method, target: '/order', headers: { 'x-key': 'k', 'x-sig': signature }, body: Buffer.from(body) }))
      }
      expect(await send('POST')).toBe('accepted')
      expect(await send('DELETE')).toBe('part-not-taken')
    },
  )
})

describe('the values of one item', () => {
  const values = [
    '{keyId}',
    '{timestamp}',
    '{nonce}',
    '{signature}',
    '{passphrase}',
    '{word}',
    '{any}',
    '{keyId|percent-encode}',
    '{passphrase|hmac|base64}',
  ]
  const gaps = [':', '-', '_', '/', '.', 'a', ', ', '=', '~', ' ', '%', '::']
  const withItem = (item: string, encoding: string): unknown => {
    const has = (name: string): boolean => item.includes(`{${name}`)
    return {
      ...base,
      signature: { encoding },
      parameters: {
        ...(has('word') ? { word: { characters: 'token', default: 'w' } } : {}),
        ...(has('any') ? { any: { characters: 'visible', without: gaps.join('').replace(/[ a]/g, ''), default: 'v' } } : {}),
      },
      message: `{timestamp}${has('nonce') ? '{nonce}' : ''}${has('word') ? '\n{word}' : ''}${has('any') ? '\n{any}' : ''}\n{method}\n{target}\n{body|sha256|hex}`,
      headers: {
        'x-item': item,
        ...(has('keyId') ? {} : { 'x-key': '{keyId}' }),
        ...(has('timestamp') ? {} : { 'x-time': '{timestamp}' }),
        ...(has('signature') ? {} : { 'x-sig': '{signature}' }),
      },
    }
  }

  it('are read back as they were written, wherever a declaration is taken', () => {
    let taken = 0
    const item = fc
      .tuple(
        fc.uniqueArray(fc.constantFrom(...values), { minLength: 2, maxLength: 4 }),
        fc.array(fc.constantFrom(...gaps), { minLength: 4, maxLength: 4 }),
      )
      .map(([some, between]) => some.map((value, index) => (index === 0 ? value : `${between[index]}${value}`)).join(''))
    fc.assert(
      fc.property(
        item,
        fc.constantFrom('hex', 'base64', 'base64url'),
        fc.constantFrom('k', 'k:1', 'a-b_c', 'x/y.z'),
        (text, encoding, keyId) => {
          let scheme: ReturnType<typeof defineScheme>
          try {
            scheme = define(withItem(text, encoding))
          } catch (error) {
            expect(error).toBeInstanceOf(CountersignError)
            return
          }
          taken++
          // A signer of one's own scheme reads its call back, and refuses one that reads as another.
          const credentials = { keyId, secret: secretBytes, ...(scheme.hasPassphrase ? { passphrase } : {}) }
          createSigner<SchemeTypes>(scheme, credentials, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
        },
      ),
      { seed: 13, numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(200)
  })

  it.each([
    ['{keyId}_{nonce}_{signature}', 'base64url'],
    ['{keyId}-{nonce}-{timestamp}-{signature}', 'base64url'],
    ['{keyId}_{signature}', 'base64url'],
    ['{passphrase}/{keyId}/{signature}', 'base64'],
    ['{passphrase}:{keyId}:{timestamp}:{signature}', 'hex'],
    ['{keyId|percent-encode}a{passphrase|percent-encode}a{signature}', 'hex'],
    ['{keyId}-{word}-{signature}', 'hex'],
  ])('are refused where two may hold what keeps them apart, since all ways to read them would be tried: %s', (item, encoding) => {
    expect(() => define(withItem(item, encoding))).toThrow(/may both hold/)
  })

  it.each([
    ['{keyId}:{signature}', 'base64'],
    ['{keyId}:{nonce}:{timestamp}:{signature}', 'hex'],
    ['Bearer {keyId}/{signature}', 'hex'],
    ['{timestamp}.{keyId}.{signature}', 'base64url'],
  ])('are taken where only one may: %s', (item, encoding) => {
    expect(() => define(withItem(item, encoding))).not.toThrow()
  })
})

it('the hash of a passphrase is not carried, by whatever it is hashed with', () => {
  for (const of of ['{passphrase}', '{passphrase}{timestamp}', ['{keyId}', '{passphrase}']]) {
    const declaration = {
      ...base,
      message: ['{timestamp}\n{method}\n{url}\n', { hash: 'sha256', encoding: 'hex', of }, '\n{body|sha256|hex}'],
      headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-pass': '{passphrase|sha256|hex}', 'x-sig': '{signature}' },
    }
    expect(() => define(declaration)).toThrow(/hash of {passphrase}|carried but not signed/)
  }
})

it('a malformed item of a list leaves nothing behind: neither a nonce nor a key id', async () => {
  const scheme = define({
    ...base,
    timestamp: undefined,
    message: '{nonce}\n{method}\n{url}\n{body|sha256|hex}',
    headers: { 'x-key': '{keyId}', 'x-sig': { separator: ' ', items: ['{nonce}={signature}'] } },
  })
  const keys = memoryKeys(scheme, [{ id: 'k', secret: secretBytes }])
  const { headers } = createSigner<SchemeTypes>(scheme, { keyId: 'k', secret: secretBytes }).sign({ method: 'GET', url: `${ORIGIN}/x` })
  const good = String((headers as { [name: string]: string })['x-sig'])
  for (const list of [`${good} other=00`, `other=00 ${good}`, `${good} other=zz`, `other=zz ${good}`]) {
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys })
    expect(codeOf(await verify({ method: 'GET', target: '/x', headers: { ...headers, 'x-sig': list } })), list).toBe('accepted')
  }
})
