import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ALLOWANCES } from '../contract/allowance.ts'
import type { Loss } from '../contract/loss.ts'
import { coverageOf } from '../coverage/coverage.ts'
import { memoryKeys } from '../keys/key.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { ODD_SCHEMES, STATED } from './odd-schemes.ts'
import { BODY, createRandom, makeText, PATH, QUERY, type Random } from './random.ts'
import { tries } from './tries.ts'
import { leftOf } from './without-losses.ts'

/**
 * A signed call is changed on its way, in one to three places. Its verifier has to refuse it, unless all that was
 * changed is what the coverage table calls unsigned; and then it has to be the same call to the replay guard.
 *
 * `npm run fuzz` tries a million of them, `FUZZ=10000000 FUZZ_SEED=7 npm run fuzz` ten million others.
 */
const SCHEMES_TRIED: readonly Scheme[] = [...SCHEMES, ...ODD_SCHEMES]
const TRIED = Math.ceil(readCount('FUZZ', tries(120_000)) / SCHEMES_TRIED.length)
const SEED = readCount('FUZZ_SEED', 17)

function readCount(name: string, standard: number): number {
  const count = Number(process.env[name] ?? standard)
  if (Number.isInteger(count) && count > 0) return count
  throw new TypeError(`${name} is a whole number above 0; got ${process.env[name]}.`)
}

const NOW = 1_764_000_000_000
const ORIGIN = 'https://a.example'
const secret = Buffer.alloc(32, 7).toString('base64')
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

interface Sent {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** A character for each byte. */
  readonly body: string | undefined
}

/** What a verifier accepts before anything is changed: methods, targets, bodies and moments of all kinds. */
function signedCalls(scheme: Scheme): readonly Sent[] {
  const stated = STATED[scheme.name] ?? {}
  const form = isDeclared(scheme) && scheme.carriers.some(carrier => carrier.in === 'form')
  const parameters: { readonly [name: string]: string } = isDeclared(scheme)
    ? Object.fromEntries(Object.keys(scheme.parameters).map(name => [name, '5']))
    : scheme.derivedKey === undefined
      ? {}
      : { region: 'r', service: scheme.name === 'aws-sigv4-s3' ? 's3' : 's' }
  const bodies = form ? ['a=1', 'b=2&a=1'] : ['{"a":1}', '[1,2]', undefined]
  return ['POST', 'GET', 'PUT', 'DELETE'].flatMap(method =>
    ['/', '/a/b', '/A%2F?b=1&a=2', '/a?a=1&a=2&b', '/x?'].flatMap((target, index) => {
      const body = method === 'GET' && !form ? undefined : bodies[index % bodies.length]
      const signer = createSigner(
        scheme,
        {
          ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }),
          ...(scheme.keys === 'key-pair' ? { privateKey } : { secret }),
          ...(scheme.hasPassphrase ? { passphrase: 'pass' } : {}),
        },
        { clock: () => NOW + index * 1000, allow: ALLOWANCES, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) },
      )
      const signed = signer.sign({ method, url: ORIGIN + target, body, headers: { 'x-a': '7 8', ...stated } })
      const headers = { host: 'a.example', 'x-a': '7 8', ...stated, ...signed.headers }
      return [
        {
          method,
          target: signed.url.slice(ORIGIN.length),
          headers: Object.entries(headers),
          body: signed.body === undefined ? undefined : Buffer.from(signed.body).toString('latin1'),
        },
      ]
    }),
  )
}

/** A verifier that remembers under which ids it claimed its last call. */
function createChecked(scheme: Scheme) {
  let ids: string[] = []
  const claim = ({ id }: { readonly id: string }): 'fresh' => {
    ids.push(id)
    return 'fresh'
  }
  const key = {
    id: 'k',
    ...(scheme.keys === 'key-pair' ? { publicKey } : { secret }),
    ...(scheme.hasPassphrase ? { passphrase: 'pass' } : {}),
  }
  const verifier = createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [key]),
    clock: () => NOW,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(scheme.detectsReplays ? { replay: { claim } } : {}),
    // They don't sign the whole request, so their verifier has to say what it takes.
    ...(scheme.name.startsWith('payload')
      ? { only: { methods: ['GET', 'POST', 'PUT'], paths: 'any', query: 'any', body: 'any' } as const }
      : {}),
  })
  return async ({ method, target, headers, body }: Sent) => {
    ids = []
    const result = await verifier.verify({
      method,
      target,
      headers,
      body: body === undefined ? undefined : Buffer.from(body, 'latin1'),
    })
    return { code: result.ok ? 'accepted' : result.failure.code, ids }
  }
}

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[random(list.length)]

/** Puts a piece in, takes some characters out, or both, anywhere. */
function edit(text: string, pieces: readonly string[], random: Random): string {
  const at = random(text.length + 1)
  const length = random(3)
  return text.slice(0, at) + (random(4) === 0 ? '' : (pick(pieces, random) ?? '')) + text.slice(at + length)
}

const CHARACTERS = [...' \t,;:=."\'\\-_+/%?&()#@{}[]09afzAFZ', '\u00e9', '\u00a0', '==', '  ', '%20', '\x00', '\r\n']

/** In the query, a parameter twice or at another place. */
function shuffle(target: string, random: Random): string {
  const [path = '', ...rest] = target.split('?')
  const parameters = rest.join('?').split('&')
  const moved = pick(parameters, random) ?? ''
  const others = random(2) === 0 ? parameters : parameters.filter(one => one !== moved)
  const at = random(others.length + 1)
  return `${path}?${[...others.slice(0, at), moved, ...others.slice(at)].join('&')}`
}

/** Another spelling of one character. */
function respell(text: string, random: Random): string {
  const at = random(text.length)
  const character = text.charAt(at)
  const escaped = `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  const spelled = [character.toUpperCase(), character.toLowerCase(), escaped, escaped.toUpperCase(), character + character]
  return text.slice(0, at) + (pick(spelled, random) ?? '') + text.slice(at + 1)
}

type Change = (sent: Sent, others: readonly Sent[], random: Random) => Sent

/** Changes one header line. */
const onHeader =
  (change: (line: readonly [string, string], random: Random, others: readonly Sent[]) => readonly (readonly [string, string])[]): Change =>
  (sent, others, random) => {
    const at = random(sent.headers.length)
    const line = sent.headers[at] ?? ['x', '']
    return { ...sent, headers: [...sent.headers.slice(0, at), ...change(line, random, others), ...sent.headers.slice(at + 1)] }
  }

const EXTRA = [
  ['x-http-method-override', 'DELETE'],
  ['content-length', '0'],
  ['transfer-encoding', 'chunked'],
  ['content-encoding', 'gzip'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['x-forwarded-host', 'b.example'],
  ['authorization', 'Basic eDp5'],
  ['date', 'Mon, 24 Nov 2025 16:00:00 GMT'],
  ['digest', 'SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
  ['x-a', 'c'],
  ['constructor', '1'],
] as const

const CHANGES: readonly Change[] = [
  (sent, _, random) => ({ ...sent, method: pick(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'post', 'Get'], random) ?? '' }),
  (sent, _, random) => ({ ...sent, target: edit(sent.target, random(2) === 0 ? PATH : QUERY, random) }),
  (sent, _, random) => ({ ...sent, target: shuffle(sent.target, random) }),
  (sent, _, random) => ({ ...sent, target: respell(sent.target, random) }),
  (sent, others, random) => ({ ...sent, target: pick(others, random)?.target ?? '' }),
  (sent, _, random) => ({ ...sent, target: sent.target + makeText(QUERY, 3, random) }),
  (sent, _, random) => ({ ...sent, target: `${ORIGIN}${sent.target}`.slice(random(3) === 0 ? 0 : random(10)) }),
  (sent, _, random) => ({ ...sent, body: edit(sent.body ?? '', BODY, random) || undefined }),
  (sent, _, random) => ({ ...sent, body: respell(sent.body ?? '{', random) }),
  (sent, others, random) => ({ ...sent, body: pick(others, random)?.body }),
  // Over the boundary between target and body.
  (sent, _, random) => {
    const all = sent.target + (sent.body ?? '')
    const at = Math.max(1, Math.min(all.length, sent.target.length + random(7) - 3))
    return { ...sent, target: all.slice(0, at), body: all.slice(at) || undefined }
  },
  onHeader(([name, value], random) => [[name, edit(value, CHARACTERS, random)]]),
  onHeader(([name, value], random) => [[name, edit(value, CHARACTERS, random)]]),
  onHeader(([name, value], random) => [[name, respell(value, random)]]),
  onHeader(([name, value], random, others) => [[name, pick(others, random)?.headers.find(([other]) => other === name)?.[1] ?? value]]),
  onHeader(([name, value], random) => [[respell(name, random), value]]),
  onHeader((line, random) => (random(2) === 0 ? [] : [line, line])),
  onHeader(([name, value], random, others) => [
    [name, value],
    [name, pick(others, random)?.headers.find(([other]) => other === name)?.[1] ?? ''],
  ]),
  onHeader(([name, value], random) => [[name, `${pick([' ', '\t', ''], random)}${value}${pick([' ', '=', ',', ''], random)}`]]),
  // Two headers change their values.
  (sent, _, random) => {
    const [one, other] = [random(sent.headers.length), random(sent.headers.length)]
    const value = (at: number): string => sent.headers[at === one ? other : at === other ? one : at]?.[1] ?? ''
    return { ...sent, headers: sent.headers.map(([name], at) => [name, value(at)] as const) }
  },
  (sent, others, random) => ({ ...sent, headers: pick(others, random)?.headers ?? [] }),
  (sent, _, random) => ({ ...sent, headers: [...sent.headers, pick(EXTRA, random) ?? ['x', '']] }),
  (sent, _, random) => ({ ...sent, headers: [pick(EXTRA, random) ?? ['x', ''], ...sent.headers] }),
]

/** The losses that a verifier takes unless it is told otherwise. */
const TAKEN: readonly Loss[] = ['parameter-order', 'white-space']

/** What a handler could tell apart, by the names of the coverage table. */
function partOf(part: string, { method, target, headers, body }: Sent): string {
  const path = target.split('?', 1).join('')
  if (part.startsWith('header.')) {
    const values = headers.filter(([name]) => name.toLowerCase() === part.slice('header.'.length)).map(([, value]) => value)
    // Whoever reads a folded line reads a space there (RFC 9112 §5.2).
    return values.map(value => value.replace(/[ \t]*\r\n[ \t]+/g, ' ')).join('\n')
  }
  return { method, path, query: target.slice(path.length), body: body ?? '' }[part] ?? ''
}

/** The signed parts in which a call differs from the one that was signed. */
function changedParts(scheme: Scheme, sent: Sent, original: Sent): readonly string[] {
  const { parts } = coverageOf(scheme, sent.method)
  const names = parts['header.*'] === undefined ? Object.keys(parts) : [...Object.keys(parts), 'header.x-a']
  return names.filter(part => {
    const coverage = parts[part] ?? parts['header.*'] ?? 'not'
    if (coverage === 'not') return false
    // Where there is no body, nobody signs a digest of it.
    if (/^header\.(?:content-)?digest$/.test(part) && sent.body === undefined) return false
    const losses = typeof coverage === 'string' ? [] : coverage.filter(loss => TAKEN.includes(loss) || scheme.accepts.includes(loss))
    return leftOf(part, partOf(part, sent), losses) !== leftOf(part, partOf(part, original), losses)
  })
}

describe(`${TRIED} changed calls of each scheme, seed ${SEED}`, () => {
  it.each(SCHEMES_TRIED.map(scheme => [scheme.name, scheme] as const))(
    '%s: are refused, or differ in nothing that is signed and are the same call',
    async (_name, scheme) => {
      const random = createRandom(SEED)
      const check = createChecked(scheme)
      const originals: (Sent & { readonly ids: readonly string[] })[] = []
      const refused: string[] = []
      for (const sent of signedCalls(scheme)) {
        const { code, ids } = await check(sent)
        if (code === 'accepted') originals.push({ ...sent, ids })
        else refused.push(code)
      }
      expect(originals.length, `accepted as they are; the others: ${refused.join(' ')}`).toBeGreaterThan(1)
      const known = new Set(originals.flatMap(({ ids }) => ids))
      const codes: Record<string, number> = {}
      const wrong: unknown[] = []
      for (let index = 0; index < TRIED; index++) {
        let sent: Sent | undefined = pick(originals, random)
        if (sent === undefined) break
        for (let left = random(3); left >= 0; left--) sent = pick(CHANGES, random)?.(sent, originals, random) ?? sent
        const { code, ids } = await check(sent).catch((error: unknown) => ({ code: `thrown: ${String(error)}`, ids: [] }))
        codes[code] = (codes[code] ?? 0) + 1
        if (code.startsWith('thrown')) wrong.push({ code, sent })
        if (code !== 'accepted') continue
        const differences = originals.map(original => changedParts(scheme, sent, original))
        if (differences.every(parts => parts.length > 0)) wrong.push({ differences: differences[0], sent })
        if (ids.some(id => !known.has(id))) wrong.push({ isAnotherCall: true, sent })
      }
      if (process.env['FUZZ'] !== undefined) process.stdout.write(`${scheme.name} ${JSON.stringify(codes)}\n`)
      expect(wrong.slice(0, 3)).toEqual([])
      // So few calls may all be refused for other reasons.
      if (TRIED >= 500) expect(codes['bad-signature']).toBeGreaterThan(TRIED / 1000)
    },
    3_600_000,
  )
})
