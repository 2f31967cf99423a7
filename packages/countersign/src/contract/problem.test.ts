import { describe, expect, it } from 'vitest'
import type { Failure } from './failure.ts'
import { explainFailure, problemHeaders, toProblem } from './problem.ts'

const SOON = { keyId: 'k', name: 'v1', successor: 'v2' }
const NEVER = { ...SOON, successor: undefined }

describe('A refusal says what to do', () => {
  it.each<[Failure, RegExp]>([
    [{ code: 'method-not-allowed', method: 'post' }, /methods are written in upper case\.$/],
    [{ code: 'method-not-allowed', method: 'TRACE' }, /^The method TRACE is not served here\.$/],
    [{ code: 'malformed-signature', header: 'x-sig', padding: 'unwanted' }, /take the "=" off its end/],
    [{ code: 'malformed-signature', header: 'x-sig', padding: 'missing' }, /write base64 with the "=" at its end/],
    [{ code: 'malformed-signature', header: 'x-sig' }, /wrong length or alphabet/],
    [{ code: 'timestamp-out-of-window', skewMs: -400_000, serverTimeMs: 0 }, /400 s behind .* 1970-01-01T00:00:00\.000Z/],
    [{ code: 'timestamp-out-of-window', skewMs: 400_000, serverTimeMs: 0 }, /400 s ahead of/],
    [{ code: 'key-expired', keyId: 'k', expiredAtMs: 0 }, /1970-01-01T00:00:00\.000Z: make a new one/],
    [{ code: 'address-not-allowed', keyId: 'k', address: '' }, /from an unknown address/],
    [{ code: 'address-not-allowed', keyId: 'k', address: '203.0.113.7' }, /from 203\.0\.113\.7/],
    [{ code: 'part-not-taken', part: 'path' }, /one of the paths that the API names/],
    [{ code: 'part-not-taken', part: 'query' }, /No call with a query/],
    [{ code: 'scheme-retired', ...NEVER }, /no longer taken\.$/],
    [{ code: 'scheme-retired', ...SOON }, /sign by v2 instead/],
    [{ code: 'route-retired', ...NEVER }, /no longer served\.$/],
    [{ code: 'route-retired', ...SOON }, /call v2 instead/],
    [{ code: 'brown-out', ...NEVER, untilMs: 0 }, /until 1970-01-01T00:00:00\.000Z\.$/],
    [{ code: 'brown-out', ...SOON, untilMs: 0 }, /move to v2/],
  ])('%o', (failure, sentence) => {
    expect(explainFailure(failure)).toMatch(sentence)
  })
})

describe('To a stranger', () => {
  it('an unknown key and a wrong signature are the same, in body and headers', () => {
    const [unknown, wrong] = [{ code: 'unknown-key', keyId: 'k' } as const, { code: 'bad-signature', keyId: 'k' } as const]
    expect(toProblem(unknown)).toEqual(toProblem(wrong))
    expect(problemHeaders(unknown, 'own')).toEqual(problemHeaders(wrong, 'own'))
    expect(JSON.stringify(toProblem(unknown))).not.toContain('"k"')
  })

  it('only a wrong clock is told the time', () => {
    expect(toProblem({ code: 'timestamp-out-of-window', skewMs: 1, serverTimeMs: 0 })).toMatchObject({
      serverTime: '1970-01-01T00:00:00.000Z',
    })
    expect(toProblem({ code: 'replayed', keyId: 'k' })).not.toHaveProperty('serverTime')
  })

  it('a retired scheme is told its successor, and what is unavailable when to try again', () => {
    expect(problemHeaders({ code: 'scheme-retired', ...SOON }, 'v1')).toMatchObject({ 'www-authenticate': 'Countersign scheme="v2"' })
    expect(problemHeaders({ code: 'scheme-retired', ...NEVER }, 'v1')).toMatchObject({ 'www-authenticate': 'Countersign scheme="v1"' })
    expect(problemHeaders({ code: 'replay-guard-full', keyId: 'k' }, 'v1')).toMatchObject({
      'retry-after': '1',
      'cache-control': 'no-store',
    })
  })
})
