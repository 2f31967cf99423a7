import type { KeyView } from '@countersign/server'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { changesOf, draftOf, EMPTY_DRAFT } from './key-draft.ts'

const word = fc.stringMatching(/^[a-z0-9.:/]{1,10}$/)
const line = fc.string({ maxLength: 10 }).map(text => text.replaceAll(/\p{Cc}/gu, '').trim())
const moment = fc.date({ noInvalidDate: true, min: new Date('1990-01-01'), max: new Date('2090-01-01') }).map(date => date.toISOString())
const key = fc.record({
  name: line,
  permissions: fc.array(word),
  fundId: line,
  walletId: line,
  addresses: fc.array(word),
  labels: fc.dictionary(word, line, { noNullPrototype: true }),
  expiresAt: fc.option(moment),
}) as fc.Arbitrary<KeyView>

it('a draft that nobody touched changes nothing', () => {
  fc.assert(fc.property(key, one => void expect(changesOf(draftOf(one), draftOf(one))).toEqual({})))
})

it('a draft of one key makes another key like it, its end to the minute', () => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      const changed = { ...one, ...changesOf(draftOf(one), draftOf(other)) }
      const minute = (text: string | null | undefined): number | undefined =>
        typeof text === 'string' ? Math.floor(Date.parse(text) / 60_000) : undefined
      expect({ ...changed, expiresAt: minute(changed.expiresAt) }).toEqual({ ...other, expiresAt: minute(other.expiresAt) })
    }),
  )
})

it.each([
  ['team=blue', { team: 'blue' }],
  [' team = blue \n\nlevel=a=b', { team: 'blue', level: 'a=b' }],
  ['empty=', { empty: '' }],
])('%j are labels', (labels, expected) => {
  expect(changesOf(EMPTY_DRAFT, { ...EMPTY_DRAFT, labels })).toEqual({ labels: expected })
})

it.each(['team', '=blue'])('%j are no labels, which is said', labels => {
  expect(() => changesOf(EMPTY_DRAFT, { ...EMPTY_DRAFT, labels })).toThrow(`Labels: write ${labels} as name=value.`)
})
