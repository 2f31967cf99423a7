import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { compactJson, qredo } from './qredo.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

/** The page's functions in Python, the secret given instead of imported; `sep` and `ascii` are json.dumps's own options. */
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

  it('takes the time as bigint, number or text alike', () => {
    const { signGET } = qredo(secret)
    expect(new Set([signGET(1647356399n, 'GET', url), signGET(1647356399, 'GET', url), signGET('1647356399', 'GET', url)]).size).toBe(1)
  })
})
