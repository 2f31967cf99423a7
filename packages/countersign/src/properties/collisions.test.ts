import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto } from '#crypto'
import { ALLOWANCES } from '../contract/allowance.ts'
import { type Coverage, LOSSES, type Loss } from '../contract/loss.ts'
import { coverageOf } from '../coverage/coverage.ts'
import { compileGuards } from '../coverage/guards.ts'
import { createDeclaredPlan } from '../declared/plan.ts'
import type { CompiledHash } from '../recipe/compile.ts'
import { fillHashes } from '../recipe/fill-hashes.ts'
import { carriesOf } from '../scheme/carries.ts'
import { isFailure, type TimelyClaim } from '../scheme/plan.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { messageBytes } from '../wire/message.ts'
import { readOrigins } from '../wire/origins.ts'
import { isStrictTarget } from '../wire/url.ts'
import { ODD_SCHEMES, STATED } from './odd-schemes.ts'
import { BODY, createRandom, HEADERS, makeText, PATH, QUERY, type Random } from './random.ts'
import { tries } from './tries.ts'
import { LEFT, leftOf } from './without-losses.ts'

/**
 * Random requests of a small, nasty alphabet are put through each scheme's own reader and grouped by the message that
 * would be signed. Two requests with one message may differ only in what the coverage table says; of those that the
 * guards let through, only in what is accepted.
 *
 * `COLLISIONS=1000000 npx vitest run collisions` looks at more of them.
 */
const COUNT = Number(process.env['COLLISIONS'] ?? tries(20_000))
const SEED = Number(process.env['COLLISIONS_SEED'] ?? 13)
const [ORIGIN] = readOrigins('https://a.example')
/** Requests of one message that a new one is compared with. */
const MOST_COMPARED = 6

interface Sent {
  readonly method: string
  /** With what the scheme adds to it. */
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  /** A character for each byte. */
  readonly body: string | undefined
  /** What a handler could tell apart, by the names of the coverage table. */
  readonly parts: { readonly [part: string]: string }
}

const PARAMETERS = ['a=1', 'a=2', 'b=1', 'b=', 'b', '%61=1', 'a=%31', 'a=+', 'a=%20', 'a=%2B', 'A=1', 'a=1=', '']

/** A few whole parameters, or pieces of some. */
function makeQuery(random: Random): string {
  if (random(2) === 0) return makeText(QUERY, 4, random)
  return Array.from({ length: random(3) + 1 }, () => PARAMETERS[random(PARAMETERS.length)] ?? '').join('&')
}

/** What a signer adds to a call, once for each moment, each parameter, and with and without a body. */
interface Template {
  readonly added: string
  readonly headers: { readonly [name: string]: string }
  readonly hasBody: boolean
  readonly name: string
  readonly formNonce: string | undefined
}

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

function templatesOf(scheme: Scheme): readonly Template[] {
  const stated = STATED[scheme.name] ?? {}
  const credentials = {
    ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }),
    ...(scheme.keys === 'key-pair' ? { privateKey } : { secret: Buffer.alloc(32, 7).toString('base64') }),
    ...(scheme.hasPassphrase ? { passphrase: 'pass' } : {}),
  }
  const declared = isDeclared(scheme) ? scheme : undefined
  const names = Object.keys(declared?.parameters ?? {})
  const isTimed = declared === undefined || declared.timestamp !== undefined
  const moments = declared?.alternatives === undefined ? ['', 'nonce 5', 'nonce 51'] : ['', 'nonce 5', 'nonce 51', 'nonce 1764000000']
  const bodyOf = (hasBody: boolean): { readonly body?: string } =>
    hasBody ? { body: declared?.carriers.some(({ in: place }) => place === 'form') ? 'a=1' : '{}' } : {}
  return [1_764_000_000_000, 1_764_000_001_000].flatMap((now, index) =>
    [true, false].flatMap(hasBody =>
      ['5', '51'].slice(0, names.length === 0 ? 1 : 2).flatMap(value =>
        moments.flatMap(moment => {
          const usesNonce =
            moment !== '' && (declared?.fields.has('nonce') ?? carriesOf(scheme).some(({ name }) => name === 'signature-input'))
          if ((moment !== '' && !usesNonce) || (index === 1 && !isTimed)) return []
          const parameters =
            scheme.base !== undefined && scheme.derivedKey !== undefined
              ? scheme.name === 'aws-sigv4-s3'
                ? { ...SCOPE, service: 's3' }
                : SCOPE
              : Object.fromEntries(names.map(name => [name, value]))
          // A signer makes no nonce that is spelled as a time; a client that is not ours may.
          const isTime = moment.length > 'nonce 51'.length
          const nonce = isTime ? '987654' : moment.slice(6)
          const signer = createSigner(scheme, credentials, {
            clock: () => now,
            allow: ALLOWANCES,
            ...(isEmpty(parameters) ? {} : { parameters }),
          })
          const request = {
            method: 'POST',
            url: `${ORIGIN.origin}/x`,
            headers: { 'x-a': 'a', ...stated },
            ...bodyOf(hasBody),
            ...(usesNonce ? { nonce } : {}),
          }
          const { url, headers: written, body } = signer.sign(request)
          const headers = Object.fromEntries(
            Object.entries({ ...stated, ...written }).map(([name, value]) => [name, isTime && value === nonce ? moment.slice(6) : value]),
          )
          const formNonce = declared?.carriers.some(({ in: place }) => place === 'form')
            ? /nonce=(\w+)/.exec(Buffer.from(body ?? []).toString())?.[1]
            : undefined
          const [, added = ''] = url.split('?')
          return [
            {
              added,
              headers,
              hasBody: hasBody || formNonce !== undefined,
              name: [usesNonce && declared !== undefined ? '' : now, value, moment, formNonce].join(' '),
              formNonce,
            },
          ]
        }),
      ),
    ),
  )
}

const SCOPE = { region: 'r', service: 's' }

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0
}

function makeRequest({ added, headers, hasBody, name, formNonce }: Template, { signsHeader, plusIsSpace }: Facts, random: Random): Sent {
  const path = random(2) === 0 ? '/' : `/${makeText(PATH, 3, random)}`
  const own = random(3) === 0 ? '' : `?${makeQuery(random)}`
  // What the scheme adds, but for the signature, may come before the rest.
  const [early = ''] = added.split(/&?(?:X-Amz-Signature|signature)=/)
  const target =
    random(4) === 0 && early !== '' && own.length > 1
      ? `${path}?${early}&${own.slice(1)}${added.slice(early.length)}`
      : path + own + (added === '' ? '' : `${own === '' ? '?' : own === '?' ? '' : '&'}${added}`)
  const text = ['', '{', '"'][random(3)] + makeText(BODY, 3, random)
  const form = formNonce === undefined ? text : [`nonce=${formNonce}`, ...(text === '' ? [] : [text])].sort(() => random(3) - 1).join('&')
  const body = hasBody && form !== '' ? form : undefined
  const values = HEADERS[random(HEADERS.length)] ?? []
  const lines: [string, string][] = [['host', 'a.example'], ...values.map((value): [string, string] => ['x-a', value])]
  // A digest that is not the body's is refused where somebody compares it.
  const fits = random(4) > 0
  for (const [header, value] of Object.entries(headers))
    if (header !== 'x-a') lines.push([header, (fits ? DIGESTS[header]?.(body ?? '') : undefined) ?? value])
  const signedTarget = target.replace(/[?&](?:X-Amz-Signature|signature)=[^&]*$/, '')
  const method = ['GET', 'POST', 'POST', 'PUT'][random(4)] ?? ''
  const [signedPath = ''] = signedTarget.split('?', 1)
  const query = signedTarget.slice(signedPath.length)
  const parts = { method, path: signedPath, query: plusIsSpace ? query.replace(/\+/g, '%20') : query, body: body ?? '', template: name }
  return { method, target, headers: lines, body, parts: signsHeader ? { ...parts, 'header.x-a': values.join('\n') } : parts }
}

/** What makes a difference to a handler: a header that is signed; a plus, unless it is a space. */
interface Facts {
  readonly signsHeader: boolean
  readonly plusIsSpace: boolean
}

const hash = (body: string) => createHash('sha256').update(body, 'latin1')

/** What may state a digest of the body. */
const DIGESTS: { readonly [header: string]: ((body: string) => string) | undefined } = {
  'content-digest': body => `sha-256=:${hash(body).digest('base64')}:`,
  digest: body => `SHA-256=${hash(body).digest('base64')}`,
  'x-amz-content-sha256': body => hash(body).digest('hex'),
}

/** What is signed, and whether the guards let the call through; `undefined` for a call that is refused before. */
function createReader(scheme: Scheme) {
  const plan = scheme.base?.createPlan(crypto) ?? (isDeclared(scheme) ? createDeclaredPlan(scheme) : undefined)
  const guard = compileGuards(scheme, { allowed: new Set() })
  return ({ method, target, headers, body }: Sent): { readonly message: string; readonly passes: boolean } | undefined => {
    if (plan === undefined || !isStrictTarget(target)) return undefined
    const claim = plan.read({ method, target, headers })
    if (isFailure(claim)) return undefined
    const complete = plan.complete(claim, body === undefined ? undefined : Buffer.from(body, 'latin1'))
    if (isFailure(complete)) return undefined
    // The clock is not what is tried here.
    const composition = plan.compose(complete as unknown as TimelyClaim, ORIGIN)
    if (isFailure(composition)) return undefined
    const { call, made, recipe } = composition
    const passes = guard(call, recipe) === undefined && (method !== 'GET' || body === undefined)
    void fillHashes(crypto, made.hashes, call)
    if (!claim.stated.every(({ text, hash }) => crypto.hashText(hash.digest, hash.write(call), encodingOf(hash)) === text)) return undefined
    const message = createHash('sha256')
      .update(messageBytes(made.write(call)))
      .digest('base64')
    return call.missing === undefined ? { message, passes } : undefined
  }
}

const encodingOf = ({ encoding }: CompiledHash) => (encoding === 'raw' ? 'hex' : encoding)

const OPEN: { readonly [field: string]: readonly string[] } = {
  url: ['path', 'query'],
  target: ['path', 'query'],
  payload: ['query', 'body'],
  recvWindow: ['template'],
}

/** The parts in which two requests of one message differ, but for what may be lost. */
function unexplained(
  a: Kept,
  b: Kept,
  tables: (method: string) => Coverage,
  taken: readonly Loss[] | undefined,
  either: boolean,
): readonly string[] {
  const [ofA, ofB] = [tables(a.method), tables(b.method)]
  const open =
    taken !== undefined
      ? []
      : ofA.openEnds.flatMap(({ between }) => [...between.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) => OPEN[name] ?? [name]))
  return Object.keys(a.parts).filter(part => {
    const [one = '', other = ''] = [a.parts[part], b.parts[part]]
    // A nonce may be spelled as a timestamp, see the guards.
    if (one === other || open.includes(part) || (part === 'template' && either && taken === undefined)) return false
    const all = [ofA, ofB].map(({ parts }) => (part === 'template' ? 'exactly' : (parts[part] ?? parts['header.*'] ?? 'not')))
    if (all.every(coverage => coverage === 'not')) return false
    const losses = all.flatMap(coverage => (typeof coverage === 'string' ? [] : coverage)).filter(loss => taken?.includes(loss) ?? true)
    return leftOf(part, one, losses) !== leftOf(part, other, losses)
  })
}

/** What is kept of a request to be compared with others. */
interface Kept extends Pick<Sent, 'method' | 'parts'> {
  readonly text: string
}

/** Keeps a few requests of each message, and gives those that a new one shares its message with and differs from. */
function createGroups() {
  const groups = new Map<string, Kept[]>()
  return (message: string, kept: Kept): readonly Kept[] => {
    const known = groups.get(message)
    if (known === undefined) {
      groups.set(message, [kept])
      return []
    }
    const others = known.filter(({ text }) => text !== kept.text)
    if (known.length === others.length && known.length < MOST_COMPARED) known.push(kept)
    return others
  }
}

const TAKEN: readonly Loss[] = ['parameter-order', 'white-space']

describe(`${COUNT} random requests, seed ${SEED}`, () => {
  it.each([...SCHEMES, ...ODD_SCHEMES].map(scheme => [scheme.name, scheme] as const))(
    '%s: two with one message differ only where the coverage table says so',
    (_name, scheme) => {
      const random = createRandom(SEED)
      const read = createReader(scheme)
      const facts = {
        signsHeader: /"header\.(?:x-a|\*)"/.test(JSON.stringify(coverageOf(scheme))),
        plusIsSpace: scheme.name.endsWith('-plus'),
      }
      const templates = templatesOf(scheme)
      const tables = new Map(['GET', 'POST', 'PUT'].map(method => [method, coverageOf(scheme, method)]))
      const tableOf = (method: string): Coverage => tables.get(method) ?? coverageOf(scheme, method)
      const [group, groupOfPassed] = [createGroups(), createGroups()]
      const seen = { read: 0, shared: 0, passed: 0, sharedByPassed: 0 }
      const wrong: unknown[] = []
      const either = isDeclared(scheme) && scheme.alternatives !== undefined
      const compare = (sent: Kept, others: readonly Kept[], taken: readonly Loss[] | undefined): number => {
        for (const other of others) {
          const parts = unexplained(sent, other, tableOf, taken, either)
          if (parts.length > 0) wrong.push({ guarded: taken !== undefined, parts, sent: sent.parts, other: other.parts })
        }
        return others.length
      }
      for (let index = 0; index < COUNT; index++) {
        const template = templates[random(templates.length)]
        if (template === undefined) break
        const sent = makeRequest(template, facts, random)
        const made = read(sent)
        if (made === undefined) continue
        const kept: Kept = { method: sent.method, parts: sent.parts, text: JSON.stringify(sent.parts) }
        seen.read++
        seen.shared += compare(kept, group(made.message, kept), undefined)
        if (!made.passes) continue
        seen.passed++
        seen.sharedByPassed += compare(kept, groupOfPassed(made.message, kept), [...TAKEN, ...scheme.accepts])
      }
      if (process.env['COLLISIONS'] !== undefined) process.stdout.write(`${scheme.name} ${JSON.stringify(seen)}\n`)
      expect(wrong.slice(0, 3)).toEqual([])
      expect(seen.read).toBeGreaterThan(COUNT / 20)
      expect(seen.passed).toBeGreaterThan(COUNT / 100)
      const { parts, openEnds } = tableOf('POST')
      const isLoose = openEnds.length > 0 || ['method', 'path', 'query', 'body'].some(part => parts[part] !== 'exactly')
      if (isLoose && COUNT >= 20_000) expect(seen.shared).toBeGreaterThan(0)
    },
    600_000,
  )

  it('knows every loss', () => {
    expect(Object.keys(LEFT)).toEqual(LOSSES)
  })
})
