import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressOf, FILTERS, FORMS, type Place, placeOf, VIEWS } from './address.ts'

// What isn't well-formed Unicode comes from no address.
const text = fc.string({ minLength: 1, unit: 'grapheme' })
const place = fc.constantFrom(...VIEWS).chain(view => {
  const filter = fc
    .record(Object.fromEntries(FILTERS[view].map(name => [name, text])), { requiredKeys: [] })
    .map(one => (Object.keys(one).length === 0 ? {} : { filter: one }))
  const form = FORMS[view].length === 0 ? fc.constant({}) : fc.record({ form: fc.constantFrom(...FORMS[view]) })
  return fc.tuple(fc.oneof(fc.constant({}), fc.record({ id: text }), form), filter).map(parts => Object.assign({ view }, ...parts) as Place)
})

it('an address leads to the place that it was made for, whatever the id and the filter', () => {
  fc.assert(fc.property(place, given => void expect(placeOf(addressOf(given))).toEqual(given)))
})

it('no two places have one address', () => {
  const inOrder = ({ view, id, form, filter }: Place): string =>
    JSON.stringify([view, id, form, filter?.search, filter?.state, filter?.about])
  fc.assert(fc.property(place, place, (one, other) => (addressOf(one) === addressOf(other)) === (inOrder(one) === inOrder(other))))
})

it('any other address leads to a view, and is no error', () => {
  const hash = fc.oneof(
    fc.string(),
    fc.string().map(rest => `#/keys/${rest}`),
    fc.string({ unit: fc.constantFrom(...'#/keys%?&=8a') }),
  )
  fc.assert(fc.property(hash, given => void expect(VIEWS).toContain(placeOf(given).view)))
})

it.each([
  ['#/keys/%E0%A4%A', { view: 'Keys' }],
  ['#/nothing/here', { view: 'Keys' }],
  ['#/keys?nothing', { view: 'Keys' }],
  ['#/keys?renewal', { view: 'Keys' }],
  ['#/keys?about=ada', { view: 'Keys' }],
  ['#/keys?state=', { view: 'Keys' }],
  ['#/organisations?new', { view: 'Organisations' }],
  ['#/administrators?nothing', { view: 'Administrators' }],
  ['#/audit?new', { view: 'Audit' }],
  ['#/audit?about=csk_1', { view: 'Audit', filter: { about: 'csk_1' } }],
  ['#/keys?new&state=revoked', { view: 'Keys', form: 'new', filter: { state: 'revoked' } }],
  ['#/keys/csk_1?search=re&state=revoked', { view: 'Keys', id: 'csk_1', filter: { search: 're', state: 'revoked' } }],
])('%s is %j', (hash, expected) => {
  expect(placeOf(hash)).toEqual(expected)
})
