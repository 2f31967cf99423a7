import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTraceContext } from './trace-context.ts'

// The example of https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers.
const ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${ID}-00f067aa0ba902b7-01`

describe('the trace of a call', () => {
  it.each([
    ['of version 00', PARENT],
    ['not sampled', PARENT.replace(/01$/, '00')],
    ['of a later version, with more behind it', `cc-${ID}-00f067aa0ba902b7-01-what-the-future-brings`],
    ['of a later version, with nothing more', `01-${ID}-00f067aa0ba902b7-01`],
  ])('is read: %s', (_, traceparent) => {
    expect(readTraceContext({ traceparent, tracestate: 'a=1,b=2' })).toEqual({ traceId: ID, parent: traceparent, state: 'a=1,b=2' })
  })

  it.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['version ff', PARENT.replace(/^00/, 'ff')],
    ['no trace', PARENT.replace(ID, '0'.repeat(32))],
    ['no parent', PARENT.replace('00f067aa0ba902b7', '0'.repeat(16))],
    ['capitals', PARENT.toUpperCase()],
    ['more behind version 00', `${PARENT}-more`],
    ['something that runs on in a later version', `01-${ID}-00f067aa0ba902b7-01more`],
    ['two of them, as Node joins headers', `${PARENT}, ${PARENT}`],
    ['a line break', `${PARENT}\n`],
    ['a short trace', PARENT.replace(ID, ID.slice(1))],
    ['a very long one', `cc-${ID}-00f067aa0ba902b7-01-${'a'.repeat(500)}`],
  ])('is none for %s', (_, traceparent) => {
    expect(readTraceContext({ ...(traceparent === undefined ? {} : { traceparent }), tracestate: 'a=1' })).toBeUndefined()
  })

  it.each([
    ['long', 'a'.repeat(513)],
    ['of odd characters', 'a=ü'],
    ['no list of members', ';;;not a state'],
    ['of empty members', '=,='],
    ['with something behind its members', 'a=1,'],
  ])('has no state that is %s', (_, tracestate) => {
    expect(readTraceContext({ traceparent: PARENT, tracestate })).toEqual({ traceId: ID, parent: PARENT, state: undefined })
  })

  it('is what any well formed parent says, and has nothing in it that a log could not have', () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter(text => !/^0+$/.test(text))
    fc.assert(
      fc.property(hex(32), hex(16), (traceId, parentId) => {
        expect(readTraceContext({ traceparent: `00-${traceId}-${parentId}-01` })?.traceId).toBe(traceId)
      }),
    )
    fc.assert(
      fc.property(fc.string({ maxLength: 70 }), text => {
        const read = readTraceContext({ traceparent: text })
        if (read !== undefined) expect(read.traceId).toMatch(/^[0-9a-f]{32}$/)
      }),
    )
  })
})
