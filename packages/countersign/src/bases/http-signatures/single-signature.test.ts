import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LabelledSignature, readFields } from './message-signatures.ts'
import { createSingleReader } from './single-signature.ts'

const readSingle = createSingleReader()
const SIGNATURE = 'sig=:AAAA:'

/** What both say of a signature; a parameter that is absent is left out. */
function facts({ label, components, parameters, input, signature }: LabelledSignature): unknown {
  const identifiers = components.map(({ identifier }) => identifier)
  return { label, identifiers, parameters: JSON.parse(JSON.stringify(parameters)), input, signature }
}

function expectAgreement(input: string, signature: string): boolean {
  const quick = readSingle(input, signature)
  if (quick === undefined) return false
  const lines = [
    ['signature-input', input],
    ['signature', signature],
  ] as const
  expect(readFields(lines, 'left-out')?.map(facts), `${input} | ${signature}`).toEqual([facts(quick)])
  return true
}

const texts = fc.oneof(
  fc.constantFrom('', 'key-1', 'a b', 'a=b;c', '@method'),
  fc.string({ unit: 'grapheme-ascii', maxLength: 5 }).filter(text => !/["\\]/.test(text)),
)
const numbers = fc.oneof(
  fc.constantFrom('0', '1700000000', '001700000000', '-1', '-0', '1.0', '999999999999999', '1000000000000000', '00'),
  fc.nat().map(String),
)
const parameters = fc.oneof(
  fc.tuple(fc.constantFrom('created', 'expires'), numbers).map(([name, value]) => `;${name}=${value}`),
  fc.tuple(fc.constantFrom('nonce', 'alg', 'keyid', 'tag', 'other'), texts).map(([name, value]) => `;${name}="${value}"`),
  fc.constantFrom(';created', ';created="1"', ';keyid=1', ';keyid=token', '; nonce="a"', ';x=?1', ';nonce=:AA==:', ';tag="a\\"b"'),
)
const components = fc.constantFrom(
  ...[
    '"@method"',
    '"@target-uri"',
    '"content-digest"',
    '"date"',
    '"x";sf',
    '"x";key="a"',
    '"x";bs',
    '"x"; bs',
    '"x";sf=?1',
    '"@query-param";name="a"',
  ],
  ...['"x";sf;sf', '"x";key="a";key="b"', '"x";unknown', '"Host"', 'token', '1', '""'],
)
const inputs = fc
  .tuple(fc.array(components, { maxLength: 4 }), fc.constantFrom(' ', ' ', ' ', '  '), fc.array(parameters, { maxLength: 5 }))
  .map(([list, gap, all]) => `sig=(${list.join(gap)})${all.join('')}`)
const mutations = fc.record({
  at: fc.nat(),
  cut: fc.nat(2),
  put: fc.oneof(fc.constantFrom(...'";=() ,:\\0-.?@%', ''), fc.string({ maxLength: 2 })),
})

function mutated(text: string, changes: readonly { readonly at: number; readonly cut: number; readonly put: string }[]): string {
  return changes.reduce((changed, { at, cut, put }) => {
    const place = at % (changed.length + 1)
    return changed.slice(0, place) + put + changed.slice(place + cut)
  }, text)
}

describe('the quick reader of a single signature', () => {
  it('reads what we write', () => {
    for (const input of [
      'sig=("@method" "@target-uri");created=1700000000;keyid="k";alg="ed25519";expires=1700000300;nonce="n";tag="t"',
      'sig=("@method");tag="t";created=0',
      'sig=();created=1',
    ])
      expect(expectAgreement(input, SIGNATURE), input).toBe(true)
  })

  it('agrees with the parser on whatever it reads', () => {
    let [tried, quick] = [0, 0]
    fc.assert(
      fc.property(inputs, fc.array(mutations, { maxLength: 2 }), fc.array(mutations, { maxLength: 1 }), (input, changes, others) => {
        tried++
        if (expectAgreement(mutated(input, changes), mutated(SIGNATURE, others))) quick++
      }),
      { seed: 24, numRuns: 20_000 },
    )
    expect(quick).toBeGreaterThan(tried / 40)
  })

  it.each(['001700000000', '00', '-0', '-1', '1.0'])('leaves a number in another spelling to the parser: %s', number => {
    expect(readSingle(`sig=("@method");created=${number}`, SIGNATURE)).toBeUndefined()
  })

  it.each([
    ['sig=("x";sf;sf);created=1', SIGNATURE],
    ['sig=("x";key="a";key="b");created=1', SIGNATURE],
    ['sig=("x";sf "x";sf);created=1', SIGNATURE],
    ['sig=("@none");created=1', SIGNATURE],
    ['sig=("@method");created="1"', SIGNATURE],
    ['sig=("@method");tag="t";created="1"', SIGNATURE],
    ['sig=("@method");created=1;created=2', SIGNATURE],
    ['sig=("@method");expires="1";created=2', SIGNATURE],
    ['sig=("@method");tag=1', SIGNATURE],
    ['sig=("@method");nonce=1;created=1', SIGNATURE],
    ['sig=("@method");nonce="a";created=1;nonce="b"', SIGNATURE],
    ['sig=("@method");x=1;x=2', SIGNATURE],
    ['sig=("@method");created=1;x="a";x="b"', SIGNATURE],
    ['sig=("@method");created=1', 'sig=:A:'],
    ['sig=("@method");created=1', 'other=:AAAA:'],
  ])('leaves what is not in its one spelling to the parser: %s and %s', (input, signature) => {
    expect(readSingle(input, signature)).toBeUndefined()
  })

  it('takes bytes in their one spelling', () => {
    expect(readSingle('sig=("@method")', 'sig=:AB:')?.signature).toBe('AA==')
    expect(expectAgreement('sig=("@method")', 'sig=:AB:')).toBe(true)
  })
})
