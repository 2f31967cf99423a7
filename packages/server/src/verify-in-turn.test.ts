import type { Failure, Verification, Verifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { verifyInTurn } from './verify-in-turn.ts'

/** A verifier that always says the same. */
function saying(name: string, failure: Failure | undefined): Verifier {
  const result = failure === undefined ? ({ ok: true } as Verification) : ({ ok: false, failure } as const)
  return { scheme: { ...qredoV1, name }, maxBodyBytes: 1, verify: async () => result }
}

const outcome = async (...verifiers: readonly Verifier[]): Promise<string> => {
  const { result, scheme } = await verifyInTurn(verifiers)({ method: 'POST', target: '/', headers: [] })
  return `${scheme}: ${result.ok ? 'ok' : result.failure.code}`
}

const accepts = (name: string): Verifier => saying(name, undefined)
const lacksHeaders = (name: string): Verifier => saying(name, { code: 'missing-header', header: 'x' })

describe('verifiers in turn', () => {
  it('ask the next where a call has other headers', async () => {
    expect(await outcome(lacksHeaders('a'), accepts('b'))).toBe('b: ok')
    expect(await outcome(lacksHeaders('a'), lacksHeaders('b'))).toBe('a: missing-header')
  })

  it('ask the next where a scheme that does not sign the whole request does not take such calls', async () => {
    expect(await outcome(saying('a', { code: 'method-not-allowed', method: 'POST' }), accepts('b'))).toBe('b: ok')
    expect(await outcome(saying('a', { code: 'part-not-taken', part: 'path' }), accepts('b'))).toBe('b: ok')
    expect(await outcome(saying('a', { code: 'part-not-taken', part: 'path' }), lacksHeaders('b'))).toBe('a: part-not-taken')
  })

  it('leave it at the first that has its headers', async () => {
    expect(await outcome(saying('a', { code: 'bad-signature', keyId: 'k' }), accepts('b'))).toBe('a: bad-signature')
  })
})
