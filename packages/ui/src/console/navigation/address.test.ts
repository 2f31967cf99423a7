import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressOf, placeOf, VIEWS } from './address.ts'

const view = fc.constantFrom(...VIEWS)
const place = fc.oneof(
  fc.record({ view }),
  fc.record({ view, id: fc.string({ minLength: 1 }) }),
  fc.record({ view, form: fc.constantFrom('new', 'renewal') }),
)

it('an address leads to the place that it was made for, whatever the id', () => {
  fc.assert(fc.property(place, given => void expect(placeOf(addressOf(given))).toEqual(given)))
})

it('no two places have one address', () => {
  fc.assert(
    fc.property(place, place, (one, other) => (addressOf(one) === addressOf(other)) === (JSON.stringify(one) === JSON.stringify(other))),
  )
})

it('any other address leads to a view, and is no error', () => {
  const hash = fc.oneof(
    fc.string(),
    fc.string().map(text => `#/keys/${text}`),
    fc.string({ unit: fc.constantFrom(...'#/keys%?8a') }),
  )
  fc.assert(fc.property(hash, given => void expect(VIEWS).toContain(placeOf(given).view)))
  expect(placeOf('#/keys/%E0%A4%A')).toEqual({ view: 'Keys' })
  expect(placeOf('#/nothing/here')).toEqual({ view: 'Keys' })
})
