import { describe, expect, it } from 'vitest'
import { defineScheme } from '../define/define.ts'
import { draftSignatures } from './draft-signatures/scheme.ts'
import { httpMessageSignatures } from './http-signatures/index.ts'
import { sigV4 } from './sigv4/scheme.ts'

type Maker = (options: object) => unknown
const MAKERS: { readonly [name: string]: Maker } = { httpMessageSignatures, draftSignatures, sigV4 }

const long = (count: number, length: number): readonly string[] => Array.from({ length: count }, (_, at) => `x-${'b'.repeat(length)}${at}`)

/** Options that were taken and meant something else, or nothing. */
const MISTAKES: readonly (readonly [maker: keyof typeof MAKERS, options: object, message: RegExp])[] = [
  ...Object.keys(MAKERS).flatMap(maker => [
    [maker, { name: 'my api\n' }, /name: "my api\\n" is not lower case letters, digits and single dashes/] as const,
    [maker, { name: 'A' }, /name: "A" is not lower case/] as const,
    [maker, { name: 5 }, /name: "5" is not lower case/] as const,
    [maker, { nam: 'a' }, /: Unknown option nam; did you mean name\? One of name/] as const,
    [maker, { constructor: 'a' }, /Unknown option constructor/] as const,
  ]),
  ['httpMessageSignatures', { title: 5 }, /title: it is text; got 5/],
  ['httpMessageSignatures', { label: 'Sig 1' }, /label: "Sig 1" is not a label/],
  ['httpMessageSignatures', { label: '' }, /label/],
  ['httpMessageSignatures', { label: 'a'.repeat(65) }, /label/],
  ['httpMessageSignatures', { component: ['@method'] }, /Unknown option component; did you mean components\?/],
  ['httpMessageSignatures', { components: '@method' }, /components: it is a list; got @method/],
  ['httpMessageSignatures', { components: [5] }, /components: it is text; got 5/],
  ['httpMessageSignatures', { components: ['@method', 'signature'] }, /"signature" carries the signature, which can't sign itself/],
  ['httpMessageSignatures', { components: ['@method', 'Signature-Input'] }, /"signature-input" carries the signature/],
  ['httpMessageSignatures', { components: ['@method', '"signature";key="sig1"'] }, /carries the signature/],
  ['httpMessageSignatures', { components: long(64, 80) }, /components have more than 4096 characters/],
  ['httpMessageSignatures', { components: long(65, 1) }, /at most 64 of them/],
  ['httpMessageSignatures', { parameters: ['create', 'keyid'] }, /parameters: Unknown parameter create; did you mean created\?/],
  ['httpMessageSignatures', { parameters: ['created', 'tag'] }, /Unknown parameter tag/],
  ['httpMessageSignatures', { parameters: 'created' }, /parameters: it is a list/],
  ['httpMessageSignatures', { tag: 'é' }, /tag: "é" is not a tag/],
  ['httpMessageSignatures', { tag: '' }, /tag/],
  ['httpMessageSignatures', { tag: 'a'.repeat(257) }, /tag/],
  ['httpMessageSignatures', { digest: 'sha256' }, /digest: Unknown digest sha256; did you mean sha-256\?/],
  ['draftSignatures', { carrier: 'Signature' }, /carrier: Unknown carrier Signature; did you mean signature\? One of/],
  ['draftSignatures', { carrier: 'toString' }, /Unknown carrier toString/],
  ['draftSignatures', { headers: 'date' }, /headers: it is a list/],
  ['draftSignatures', { headers: [null] }, /headers: it is text/],
  ['draftSignatures', { headers: ['date', 'authorization'] }, /header authorization carries the signature/],
  ['draftSignatures', { carrier: 'kong', headers: ['date', 'Authorization'] }, /header authorization carries the signature/],
  ['draftSignatures', { carrier: 'signature', headers: ['date', 'signature'] }, /header signature carries the signature/],
  ['draftSignatures', { headers: long(64, 80) }, /can't be covered: .* at most 64 in 4096 characters/],
  ['draftSignatures', { headers: long(65, 1) }, /can't be covered/],
  ['sigV4', { in: 'Query' }, /in: Unknown place Query; did you mean query\? One of header, query/],
  ['sigV4', { plus: 'blank' }, /plus: Unknown meaning blank/],
  ['sigV4', { service: 's 3' }, /service: "s 3" is not letters, digits/],
  ['sigV4', { region: '' }, /region/],
  ['sigV4', { allowUnsignedPayload: 'yes' }, /allowUnsignedPayload: it is true or false; got yes/],
]

describe('An option of a scheme with logic', () => {
  it.each(MISTAKES)('of %s is refused where it is misspelled, or would make a scheme that no call fits: %j', (maker, options, message) => {
    expect(() => MAKERS[maker]?.(options)).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) }),
    )
  })

  it.each([
    [
      'httpMessageSignatures',
      { name: undefined, label: '*', tag: '"\\', parameters: [], components: ['@METHOD', 'Signed'], digest: 'sha-512' },
    ],
    ['draftSignatures', { name: 'mine-2', carrier: 'kong', headers: ['DATE', 'Signature'] }],
    ['sigV4', { in: 'query', plus: 'space', service: 's3', region: 'eu-west-1', allowUnsignedPayload: false }],
  ])('of %s is taken as it is meant: %j', (maker, options) => {
    expect(() => MAKERS[maker]?.(options)).not.toThrow()
  })

  it('may not be named as no declaration may', () => {
    const declaration = {
      title: 'A',
      algorithm: 'hmac-sha256',
      message: '{target}',
      signature: { encoding: 'hex' },
      headers: { s: '{signature}' },
    }
    for (const name of ['A', 'a b', 'a"b', '', 'a--b', 'a\n'])
      for (const make of [...Object.values(MAKERS), (options: object) => defineScheme({ ...declaration, ...options } as never)])
        expect(() => make({ name }), name).toThrow(/is not lower case letters, digits and single dashes/)
  })
})

it('A declaration signs no header that is a list with the signature in it', () => {
  const declaration = {
    name: 'mine',
    title: 'Mine',
    algorithm: 'hmac-sha256',
    message: '{method}{target}\n{header.authorization}',
    signature: { encoding: 'hex' },
    headers: { authorization: { prefix: 'A ', separator: ',', items: ['k={keyId}', 's={signature}'] } },
  } as const
  expect(() => defineScheme(declaration)).toThrow(/scheme mine, message: {header.authorization} is a list that the signer writes/)
})
