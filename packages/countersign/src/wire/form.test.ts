import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from './encoding.ts'
import { holdsParameter, isForm, readForm } from './form.ts'
import { percentEncode } from './percent.ts'

const piece = fc.constantFrom(
  'a',
  'sig',
  'SIG',
  '%73ig',
  's%69%67',
  '%53ig',
  'sig%',
  '%7',
  '%',
  '=',
  '&',
  '&&',
  '+',
  '?',
  '\ufeff',
  'é',
  ' ',
  '"',
  '{',
  '\n',
)
const text = fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join(''))

describe('a form that is read byte by byte', () => {
  it('holds every parameter that a parser of forms finds', () => {
    fc.assert(
      fc.property(text, form => {
        const bytes = utf8(form)
        if (new URLSearchParams(new TextDecoder().decode(bytes)).has('sig')) expect(holdsParameter(bytes, 'sig')).toBe(true)
        expect(holdsParameter(form, 'sig')).toBe(holdsParameter(bytes, 'sig'))
        // None is made up.
        if (holdsParameter(bytes, 'sig')) expect(new URLSearchParams(form.replace(/^\ufeff?\??/, '')).has('sig')).toBe(true)
      }),
      { seed: 13, numRuns: 5000 },
    )
  })

  it('is one where a regular expression says so, and has the same values', () => {
    fc.assert(
      fc.property(text, form => {
        const isOne = /^(?:[^=&\s"<>\\^`{|}]+=[^&\s"<>\\^`{|}]*(?:&|$))*$/.test(form.replaceAll('\ufeff', 'é'))
        expect(isForm(form)).toBe(isOne)
        const found = form.split('&').filter(parameter => parameter.startsWith('sig='))
        expect(readForm(utf8(form), 'sig')).toBe(found.length > 1 ? '' : found[0]?.slice(4))
      }),
      { seed: 13, numRuns: 5000 },
    )
  })
})

it('text is percent-encoded alike in slices, and no character is cut in two', () => {
  for (const unit of ['a', '!', '𝄞', 'a𝄞', 'é', '\ud834', '\udd1e']) {
    const long = unit.repeat(70_000)
    expect(percentEncode(long)).toBe(percentEncode(unit).repeat(70_000))
  }
})
