import { describe, expect, it } from 'vitest'
import type { FailureCode } from '../contract/failure.ts'
import { FAILURES } from '../contract/problem.ts'
import type { Verification } from './types.ts'
import { isClientsFault, throwUnjudged } from './unjudged.ts'

describe("a body's reader that fails", () => {
  const coded = (code: unknown): object => Object.assign(new Error('of a stream'), { code })

  it.each([
    ...[{ status: 400 }, { status: 413 }, { status: 499 }, { name: 'AbortError' }],
    ...['ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'].map(coded),
  ])('failed for its client with %j', error => {
    expect(isClientsFault(error)).toBe(true)
  })

  it.each([
    ...[undefined, null, 'ECONNRESET', 400, () => undefined, {}, new Error('of its own'), { name: 'TypeError' }],
    ...[{ status: 399 }, { status: 500 }, { status: '400' }, { status: 503, code: 'ECONNRESET' }, { code: 7 }, coded('ENOENT'), coded('')],
  ])('failed by itself with %j', error => {
    expect(isClientsFault(error)).toBe(false)
  })
})

describe('throwUnjudged', () => {
  const unjudged = ['body-incomplete', 'body-unreadable', 'verifier-failed']
  const refusal = (code: FailureCode, cause?: unknown) => ({ ok: false, failure: { code }, cause }) as Verification
  const thrownBy = (result: Verification): unknown => {
    try {
      throwUnjudged(result)
    } catch (error) {
      return error
    }
    return 'nothing'
  }

  it.each(Object.keys(FAILURES) as FailureCode[])('throws the error of a call that was not judged, and nothing else: %s', code => {
    const cause = new Error('of its own')
    expect(thrownBy(refusal(code, cause))).toBe(unjudged.includes(code) ? cause : 'nothing')
  })

  it.each([undefined, null, 'a text', 0])('makes an error of %j, which a framework would take for nothing', cause => {
    const thrown = thrownBy(refusal('body-unreadable', cause))
    expect(thrown).toBeInstanceOf(Error)
    expect(thrown).toMatchObject({ cause, message: expect.stringMatching(/\.$/) })
  })

  it('throws nothing for a call that was taken', () => {
    expect(thrownBy({ ok: true } as Verification)).toBe('nothing')
  })
})
