import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Only } from '../contract/loss.ts'
import { defineScheme } from '../define/define.ts'
import { credentialsFor, passphrase, secretBytes } from '../faults/scene.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { type DeclaredScheme, isDeclared } from '../scheme/scheme.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { bybit, kraken, qredoV1, SCHEMES, stripe } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from './verify.ts'

const ORIGIN = 'https://api.example.com'
const NOW = 1_764_000_000_000
const secret = Buffer.alloc(40, 5)

const bare = defineScheme({
  name: 'bare',
  title: 'Signs the body alone',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}.{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
})

function verifierOf(scheme: DeclaredScheme, only?: Only) {
  return createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [{ id: 'k', secret }]),
    clock: () => NOW,
    replay: scheme.detectsReplays ? 'off' : undefined,
    only,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
  })
}

async function codeOf(scheme: DeclaredScheme, only: Only | undefined, method: string, target: string, body?: string): Promise<string> {
  const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method, url: ORIGIN + target, body })
  const result = await verifierOf(scheme, only).verify({ method, target, headers: signed.headers, body: signed.body })
  return result.ok ? 'ok' : result.failure.code
}

describe('a time and a nonce that are signed as a part of the query', () => {
  const inQuery = defineScheme({
    name: 'in-query',
    title: 'Signs the query of a GET, the body of a POST',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message: '{method}\n{path}\n{payload}',
    signature: { encoding: 'hex' },
    headers: { 'x-key': '{keyId}', 'x-signature': '{signature}' },
    query: { time: '{timestamp}', nonce: '{nonce}' },
  })

  it('are not taken where nothing signs the query, whatever the owner says of queries', async () => {
    const verifier = createVerifier(inQuery, {
      origin: ORIGIN,
      keys: memoryKeys(inQuery, [{ id: 'k', secret }]),
      clock: () => NOW,
      replay: memoryReplayGuard({ clock: () => NOW }),
      only: { query: 'any' },
    })
    const signer = createSigner(inQuery, { keyId: 'k', secret }, { clock: () => NOW })
    const get = signer.sign({ method: 'GET', url: `${ORIGIN}/a` })
    expect(await verifier.verify({ method: 'GET', target: get.url.slice(ORIGIN.length), headers: get.headers })).toMatchObject({ ok: true })
    // What anyone can make of a POST that was seen: the same body, and a time and a nonce of their own.
    const signature = createHmac('sha256', secret).update('POST\n/a\n{}').digest('hex')
    for (const nonce of ['one', 'two'])
      expect(
        await verifier.verify({
          method: 'POST',
          target: `/a?time=${NOW / 1000}&nonce=${nonce}`,
          headers: { 'x-key': 'k', 'x-signature': signature },
          body: Buffer.from('{}'),
        }),
      ).toMatchObject({ ok: false, failure: { code: 'part-not-taken', part: 'query' } })
  })
})

describe('the option only', () => {
  it('has to name methods and paths where the scheme signs neither, unless the scheme has a default', () => {
    expect(() => verifierOf(bare)).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/methods.*paths/) }),
    )
    expect(() => verifierOf(bare, { methods: ['POST'] })).toThrow(/paths/)
    expect(() => verifierOf(bare, { paths: 'any' })).toThrow(/methods/)
    for (const scheme of [bybit, kraken, stripe, qredoV1]) expect(() => verifierOf(scheme)).not.toThrow()
  })

  it('does not let paths that were chosen for reads be paths of writes', () => {
    expect(bybit.only).toEqual({ methods: ['GET'], paths: 'any' })
    expect(() => verifierOf(bybit, { methods: ['POST'] })).toThrow(/paths/)
    expect(() => verifierOf(bybit, { methods: ['GET'] })).not.toThrow()
    expect(() => verifierOf(bybit, { methods: ['GET', 'POST'], paths: ['/v5/order/create'] })).not.toThrow()
  })

  it.each<[string, Only | undefined, string, string, string | undefined, string]>([
    ['takes what it names', { methods: ['POST'], paths: ['/hook'] }, 'POST', '/hook', '{}', 'ok'],
    ['refuses another method', { methods: ['POST'], paths: ['/hook'] }, 'PUT', '/hook', '{}', 'method-not-allowed'],
    ['refuses another path', { methods: ['POST'], paths: ['/hook'] }, 'POST', '/hooks', '{}', 'part-not-taken'],
    ['refuses another letter case of a path', { methods: ['POST'], paths: ['/hook'] }, 'POST', '/Hook', '{}', 'part-not-taken'],
    ['takes what is below a path', { methods: ['POST'], paths: ['/hooks/*'] }, 'POST', '/hooks/a/b', '{}', 'ok'],
    ['refuses a way out of it', { methods: ['POST'], paths: ['/hooks/*'] }, 'POST', '/hooks/../admin', '{}', 'part-not-taken'],
    ['refuses an escaped way out of it', { methods: ['POST'], paths: ['/hooks/*'] }, 'POST', '/hooks/%2e%2E/admin', '{}', 'part-not-taken'],
    ['refuses an escaped slash below it', { methods: ['POST'], paths: ['/hooks/*'] }, 'POST', '/hooks/a%2Fb', '{}', 'part-not-taken'],
    ...['/hooks/..;/admin', '/hooks/.;x/a', '/hooks/%252e%252e/admin', '/hooks/..%3b/admin', '/hooks/%c0%ae%c0%ae/admin', '/hooks/%25'].map(
      (target): [string, Only | undefined, string, string, string | undefined, string] => [
        `refuses ${target}, which some server reads as another`,
        { methods: ['POST'], paths: ['/hooks/*'] },
        'POST',
        target,
        '{}',
        'part-not-taken',
      ],
    ),
    ['refuses two slashes below it', { methods: ['POST'], paths: ['/hooks/*'] }, 'POST', '/hooks//a', '{}', 'part-not-taken'],
    ['refuses a query that is not signed', { methods: ['POST'], paths: 'any' }, 'POST', '/hook?a=1', '{}', 'part-not-taken'],
    ['refuses an empty query', { methods: ['POST'], paths: 'any' }, 'POST', '/hook?', '{}', 'part-not-taken'],
    ['takes a query where any is named', { methods: ['POST'], paths: 'any', query: 'any' }, 'POST', '/hook?a=1', '{}', 'ok'],
    ['takes no body where none is named', { methods: ['POST'], paths: 'any', body: 'none' }, 'POST', '/hook', '{}', 'unexpected-body'],
    ['takes a call without a body', { methods: ['POST'], paths: 'any' }, 'POST', '/hook', undefined, 'ok'],
    [
      'wants a body where it is required',
      { methods: ['POST'], paths: 'any', body: 'required' },
      'POST',
      '/hook',
      undefined,
      'missing-body',
    ],
  ])('%s', async (_what, only, method, target, body, code) => {
    expect(await codeOf(bare, only, method, target, body)).toBe(code)
  })

  it('takes what is below a folder only in a spelling that no server reads as another path', async () => {
    const { verify } = verifierOf(bare, { methods: ['POST'], paths: ['/hooks/*', '/a//b', '/a/..', '/%2e'] })
    const { headers, body } = createSigner(bare, { keyId: 'k', secret }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/hooks`,
      body: '{}',
    })
    const isTaken = async (target: string): Promise<boolean> => (await verify({ method: 'POST', target, headers, body })).ok
    const below = ['', 'a', 'a/b', '.a', '..a', '...', 'a.', 'a..', '.a/b', '..a/b', 'a./b', 'a../b', 'a;b', 'a.;b', '%20', '%41', '%C3%A9']
    for (const rest of below) expect([rest, await isTaken(`/hooks/${rest}`)]).toEqual([rest, true])
    const dots = ['.', '..', './a', '../a', '.;', '..;a', 'a/.', 'a/..', 'a/./b', 'a/../b', 'a/..;b']
    const escapes = ['2e', '2f', '5c', '25', '3b', 'c0', 'c1', 'e0%80', 'f0%80'].flatMap(hex => [`%${hex}`, `a%${hex.toUpperCase()}b`])
    for (const rest of [...dots, ...escapes, '/', '/a', 'a//', 'a//b'])
      expect([rest, await isTaken(`/hooks/${rest}`)]).toEqual([rest, false])
    // A path that is named is only itself.
    for (const path of ['/a//b', '/a/..', '/%2e']) expect([path, await isTaken(path)]).toEqual([path, true])
    for (const path of ['/a/b', '/a/', '/%2E', '/.', '/hooks', '/hook', '/x/hooks/a', '/hooksa'])
      expect([path, await isTaken(path)]).toEqual([path, false])
  })

  it("leaves a rule of the scheme's own in place where a member is undefined", async () => {
    const undefinedMembers: Only = { methods: undefined, paths: undefined, query: undefined, body: undefined }
    const calls = [
      ['GET', '/hook', '{}'],
      ['PUT', '/hook', '{}'],
      ['POST', '/hook', undefined],
      ['POST', '/hook?a=1', '{}'],
      ['DELETE', '/hook?a=1', undefined],
    ] as const
    for (const scheme of SCHEMES.filter(isDeclared).filter(({ keys }) => keys === 'secret')) {
      const signer = createSigner<SchemeTypes>(scheme, credentialsFor(scheme), { allow: ['body-on-get', 'ambiguous-request'] })
      const options = {
        origin: ORIGIN,
        keys: memoryKeys(scheme, [{ id: 'k', secret: secretBytes, ...(scheme.hasPassphrase ? { passphrase } : {}) }]),
        ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
      }
      const answers = async (only: Only | undefined): Promise<unknown> =>
        Promise.all(
          calls.map(async ([method, target, body]) => {
            const isForm = scheme.carriers.some(carrier => carrier.in === 'form')
            const signed = signer.sign({ method, url: ORIGIN + target, body: isForm && body !== undefined ? 'a=1' : body })
            const sent = signed.url.slice(ORIGIN.length)
            const result = await createVerifier(scheme, { ...options, only }).verify({ ...signed, target: sent })
            return result.ok ? 'ok' : result.failure.code
          }),
        )
      expect(await answers(undefinedMembers), scheme.name).toEqual(await answers(undefined))
    }
  })

  it('narrows a scheme that signs everything as well', async () => {
    const only: Only = { methods: ['GET'], paths: ['/balance'], query: 'none' }
    expect(await codeOf(qredoV1, only, 'GET', '/balance')).toBe('ok')
    expect(await codeOf(qredoV1, only, 'GET', '/balance?a=1')).toBe('part-not-taken')
    expect(await codeOf(qredoV1, only, 'GET', '/other')).toBe('part-not-taken')
    expect(await codeOf(qredoV1, only, 'DELETE', '/balance')).toBe('method-not-allowed')
  })
})

describe('a verifier', () => {
  const options = { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]) }

  it.each<[string, object, RegExp]>([
    ['a misspelled member of only', { only: { path: ['/hook'] } }, /Unknown member path.*did you mean paths/],
    ['a method in lower case', { only: { methods: ['post'] } }, /upper case/],
    ['a star within a path', { only: { paths: ['/adm*'] } }, /may end in \/\*/],
    ['a list of no paths', { only: { paths: [] } }, /name one at least/],
    ['an unknown rule', { only: { body: 'requird' } }, /did you mean required/],
    ['an unknown allowance', { allow: ['dot-segment'] }, /Unknown allowance dot-segment; did you mean dot-segments\?/],
    ['methods that its limits do not have', { only: { methods: ['GET'] }, limits: { methods: ['POST'] } }, /no method in common/],
    ['a tolerance that is not a number', { toleranceMs: Number('5m') }, /toleranceMs/],
    ['keys in a list', { keys: [] }, /keys is an object with a function find/],
    ['keys in a Map', { keys: new Map() }, /keys is an object with a function find/],
    ['a guard that is none', { replay: true }, /replay is an object with a function claim/],
    ['a limit that is not a number', { limits: { maxBodyBytes: Number.NaN } }, /maxBodyBytes/],
  ])('is not made with %s', (_what, wrong, message) => {
    expect(() => createVerifier(qredoV1, { ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) }),
    )
  })

  it('takes a method beyond the usual ones when only names it', async () => {
    const { verify } = createVerifier(qredoV1, { ...options, clock: () => NOW, only: { methods: ['PROPFIND'] } })
    const signed = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'PROPFIND', url: `${ORIGIN}/x` })
    expect(await verify({ method: 'PROPFIND', target: '/x', headers: signed.headers })).toMatchObject({ ok: true })
  })

  it('takes nothing while its clock is not a number', async () => {
    const { verify } = createVerifier(qredoV1, { ...options, clock: () => Number.NaN })
    const signed = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{}' })
    expect(await verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })).toMatchObject({ ok: false })
  })
})
