import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../../../../vectors/qredo-v1.json' with { type: 'json' }
import { compactJson, pythonJson, qredo } from '../qredo.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

/**
 * The page's functions in Python, the secret given instead of imported; `sep` and `ascii` are json.dumps's own options.
 */
const PAGE = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
secret = base64.b64decode(given["secret"])
def sign(message):
    return base64.urlsafe_b64encode(hmac.new(secret, message.encode("utf-8"), hashlib.sha256).digest()).rstrip(b"=").decode("ascii")
def signGET(xtime, xmethod, xurl):
    return sign(str(xtime) + xmethod + xurl)
def signJSON(xtime, xmethod, xurl, xbody):
    return sign(str(xtime) + xmethod + xurl + json.dumps(xbody, **given["dumps"]))
print(json.dumps([signGET(*call) if len(call) == 3 else signJSON(*call) for call in given["calls"]]))
`

const secret = Buffer.alloc(60, 0xfa).toString('base64')
const url = 'https://api.qredo.network/qapi/v1/transaction'
/** What JavaScript and Python write alike, or would if one said which number is a float. */
const bodies = [
  { a: 1, b: [1, 2, { c: null }] },
  { note: 'für 5 € 🎁 <&>', 'k "q"': '\u007f\u0000' },
  [],
  {},
  [1.5, 1e-7, 12345678901234, true],
]
const times = ['1647356399', '1647356399123456789']

function inPython(calls: unknown[], dumps: object): string[] {
  return JSON.parse(
    execFileSync('python3', ['-c', PAGE], { input: JSON.stringify({ secret, calls, dumps }), encoding: 'utf8' }),
  ) as string[]
}

describe('the functions of the page', () => {
  it('myTime is the epoch in nanoseconds', () => {
    const before = BigInt(Date.now()) * 1_000_000n
    const time = qredo(secret).myTime()
    expect(time >= before && time <= before + 60_000_000_000n).toBe(true)
    expect(String(time)).toHaveLength(19)
  })

  it.skipIf(!hasPython)('signGET signs what the same function signs in Python (needs python3)', () => {
    const { signGET } = qredo(secret)
    const calls = times.map(time => [time, 'GET', 'https://api.qredo.network/qapi/v1/balance?x=%20'] as const)
    expect(calls.map(call => signGET(...call))).toEqual(inPython([...calls], {}))
  })

  it.skipIf(!hasPython)('signJSON signs what json.dumps writes, and bodyText gives that very text (needs python3)', () => {
    const { signJSON, bodyText } = qredo(secret)
    const calls = bodies.flatMap(body => times.map(time => [time, 'POST', url, body] as const))
    expect(calls.map(call => signJSON(...call))).toEqual(inPython([...calls], {}))
    const texts = JSON.parse(
      execFileSync('python3', ['-c', 'import json,sys; print(json.dumps([json.dumps(b) for b in json.load(sys.stdin)]))'], {
        input: JSON.stringify(bodies),
        encoding: 'utf8',
      }),
    ) as string[]
    expect(bodies.map(bodyText)).toEqual(texts)
  })

  it.skipIf(!hasPython)('with compact JSON it signs what json.dumps writes without spaces and escapes (needs python3)', () => {
    const { signJSON } = qredo(secret, { json: compactJson })
    const calls = bodies.slice(0, 1).map(body => [times[1] ?? '', 'POST', url, body] as const)
    expect(calls.map(call => signJSON(...call))).toEqual(inPython([...calls], { separators: [',', ':'], ensure_ascii: false }))
  })

  it.skipIf(!hasPython)('signs what it is given: 10,000 random calls as Python signs them (needs python3)', () => {
    const { signGET, signJSON } = qredo(secret)
    const text = fc.string({ unit: 'binary', maxLength: 12 })
    const time = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String), fc.constantFrom('1647356399', '', '1.5', 'now'), text)
    const method = fc.oneof(fc.constantFrom('GET', 'get', 'POST', '', 'P Ü'), text)
    const url = fc.oneof(fc.constantFrom('', '/balance', 'https://API.example.com', 'https://a.example/ü x?a b#c'), text, fc.webUrl())
    const float = fc.double().filter(value => !Number.isInteger(value))
    const { body } = fc.letrec(tie => ({
      body: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.string({ maxLength: 8 }).map(value => `${value}\ud800\udc00\udfff`),
        fc.integer(),
        float,
        fc.constantFrom(true, false, null, 1e-7, 0.1, 1e-5, 123456789.123, 5e-324),
        fc.array(tie('body'), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: 'binary', maxLength: 6 }).filter(key => !/^\d+$/.test(key)),
          tie('body'),
          { maxKeys: 4 },
        ),
      ),
    }))
    const gets = fc.sample(fc.tuple(time, method, url), { numRuns: 5000, seed: 14 })
    const posts = fc.sample(fc.tuple(time, method, url, body), { numRuns: 5000, seed: 14 })
    // NaN and Infinity have no JSON to hand them over by: they are in the test of pythonJson.
    const calls = posts.filter(call => !/NaN|Infinity/.test(pythonJson(call[3])))
    expect(gets.map(call => signGET(...call))).toEqual(inPython(gets, {}))
    expect(calls.map(call => signJSON(...call))).toEqual(inPython(calls, {}))
  })

  it("signs the page's own lines, the URL left empty as it stands there", () => {
    const { signGET, signJSON } = qredo(Buffer.from('a secret of the page, long enough').toString('base64'))
    expect(signGET(1647356399, 'GET', '')).toBe(vectors.page.signGET)
    expect(signJSON(1647356399, 'POST', '', { Key: 'Value' })).toBe(vectors.page.signJSON)
  })

  it('takes a short secret only when it is told to', () => {
    expect(() => qredo('c2hvcnQ=')).toThrow(expect.objectContaining({ code: 'secret-too-short' }))
    expect(qredo('c2hvcnQ=', { allowShortSecret: true }).signGET(1, 'GET', '')).toHaveLength(43)
  })

  it('refuses half a surrogate pair, as Python does', () => {
    expect(() => qredo(secret).signGET(1, 'GET', '\ud800')).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
  })

  it('takes the time as bigint, number or text alike', () => {
    const { signGET } = qredo(secret)
    expect(new Set([signGET(1647356399n, 'GET', url), signGET(1647356399, 'GET', url), signGET('1647356399', 'GET', url)]).size).toBe(1)
  })
})
