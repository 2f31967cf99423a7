import { describe, expect, it } from 'vitest'
import { defineScheme, type NonceFormat, type ParameterDeclaration, type TimestampFormat } from '../index.ts'
import { parameterPattern } from '../scheme/parameter.ts'
import { NONCE_FORMATS, noncePattern } from '../wire/nonce.ts'
import { TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'
import { timestampPattern } from '../wire/timestamp.ts'
import { isStrictTarget } from '../wire/url.ts'
import { fieldShapes } from './field-shapes.ts'
import { classOf } from './shape.ts'

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

interface Formats {
  readonly nonce?: NonceFormat
  readonly timestamp?: TimestampFormat
  readonly parameter?: Pick<ParameterDeclaration, 'characters' | 'without'>
}

function schemeWith({ nonce = 'any', timestamp = 'seconds', parameter = { characters: 'token' } }: Formats) {
  return defineScheme({
    name: 'shapes',
    title: 'Shapes',
    algorithm: 'hmac-sha256',
    nonce: { formats: [nonce] },
    timestamp: { formats: [timestamp] },
    parameters: { part: { generate: 'milliseconds', ...parameter } },
    message: '{timestamp}\n{nonce}\n{part}\n{target}',
    signature: { encoding: 'hex' },
    headers: { 'x-t': '{timestamp}', 'x-n': '{nonce}', 'x-p': '{part}', 'x-s': '{signature}' },
  })
}

/** Fails for a character that a reader takes and the shape doesn't know. */
function expectKnown(field: string, formats: Formats, isTaken: (char: string) => boolean): void {
  const shapes = fieldShapes(field, schemeWith(formats)).map(({ characters }) => classOf(characters))
  for (const char of ASCII.filter(isTaken))
    expect(
      shapes.some(known => known.test(char)),
      `${field}: ${JSON.stringify(char)}`,
    ).toBe(true)
}

describe('the shape of a field holds every character that its reader takes', () => {
  /** A pattern takes the characters of its classes, and a UUID's dashes. */
  const takes =
    (pattern: string) =>
    (char: string): boolean => {
      const inClasses = /\[(?:\\.|[^\]\\])+\]|\\d/g
      const classes = [...pattern.matchAll(inClasses)].map(([part]) => new RegExp(part))
      return classes.some(part => part.test(char)) || (char === '-' && pattern.replace(inClasses, '').includes(char))
    }

  it.each(NONCE_FORMATS)('in a nonce that is %s', nonce => {
    expectKnown('nonce', { nonce }, takes(noncePattern([nonce])))
  })

  it.each(TIMESTAMP_FORMATS)('in a timestamp in %s', timestamp => {
    expectKnown('timestamp', { timestamp }, takes(timestampPattern([timestamp])))
  })

  it.each<NonNullable<Formats['parameter']>>([
    { characters: 'digits' },
    { characters: 'token' },
    { characters: 'token', without: '_-' },
    { characters: 'visible' },
    { characters: 'visible', without: ']^\\-,' },
  ])('in a parameter of %o', parameter => {
    expectKnown('part', { parameter }, takes(parameterPattern(parameter)))
  })

  it('in a request target', () => {
    expectKnown('target', {}, char => isStrictTarget(`/${char}`))
  })
})
