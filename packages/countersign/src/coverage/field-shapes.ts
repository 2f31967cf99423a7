import { type Field, field } from '../recipe/recipe.ts'
import { parameterCharacters } from '../scheme/parameter.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { isOneLength, NONCE_CHARACTERS } from '../wire/nonce.ts'
import { timestampCharacters } from '../wire/timestamp.ts'
import { TARGET_CHARACTERS } from '../wire/url.ts'
import { ANY, LINE, type Shape, shapeOf, textShape, VISIBLE } from './shape.ts'

/**
 * SigV4's day has the eight digits that its timestamp begins with; region and service are what stands between the
 * slashes of its scope.
 */
const SCOPE: readonly [string] = ['\\x21-\\x2e\\x30-\\x7e']
const BASE_FIELDS: { readonly [name: string]: readonly [characters: string, more?: Partial<Shape>] } = {
  day: ['0-9', { known: 'length' }],
  region: SCOPE,
  service: SCOPE,
}

/** What a scheme's field can hold. */
export function fieldShapes(name: Field, scheme: Scheme): readonly Shape[] {
  // What a form-encoded body carries is part of that body: it can't vary by itself.
  const inBody = isDeclared(scheme) && scheme.carriers.some(carrier => carrier.in === 'form' && carrier.fields.includes(name))
  const shape = (known: Shape['known'], characters: string, more: Partial<Shape> = {}): readonly Shape[] => [
    shapeOf(name, field(name), characters, { ...more, known: known ?? more.known ?? (inBody ? 'length' : undefined) }),
  ]
  switch (name) {
    case 'keyId':
    case 'passphrase':
    case 'origin':
    case 'host':
      return shape('value', VISIBLE)
    case 'timestamp':
      return shape(...timestampShape(scheme))
    case 'nonce': {
      // One format has one length, but for the one that is any.
      const formats = isDeclared(scheme) ? scheme.nonce.formats : []
      return shape(isOneLength(formats) ? 'length' : undefined, NONCE_CHARACTERS)
    }
    case 'method':
      return shape(undefined, 'A-Za-z')
    case 'url':
      // The origin is the verifier's own, so only what follows it can vary; its "://" ends whatever stood before.
      return [{ ...textShape('https://'), name: 'url' }, ...shape(undefined, TARGET_CHARACTERS, { first: '/' })]
    case 'target':
    case 'path':
      return shape(undefined, TARGET_CHARACTERS, { first: '/' })
    case 'query':
      return shape(undefined, TARGET_CHARACTERS, { first: '' })
    case 'body':
    case 'payload':
      return shape(undefined, ANY, { first: '' })
    default:
      return shape(undefined, ...parameterShape(name, scheme))
  }
}

function parameterShape(name: Field, scheme: Scheme): readonly [characters: string, more?: Partial<Shape>] {
  const parameter = isDeclared(scheme) ? scheme.parameters[name] : undefined
  if (parameter === undefined) {
    const own = scheme.base === undefined ? undefined : BASE_FIELDS[name]
    return own ?? (name.startsWith('header.') || scheme.base !== undefined ? [LINE, { first: '' }] : [ANY, { first: '' }])
  }
  return [parameterCharacters(parameter)]
}

function timestampShape(scheme: Scheme): readonly [known: Shape['known'], characters: string] {
  const formats = isDeclared(scheme) ? (scheme.timestamp?.formats ?? []) : []
  // One epoch unit has one length; the text formats end where they end ("Z", "GMT"), whatever follows.
  const hasEnd = formats.length === 1 && formats[0] !== 'decimal-seconds'
  return [hasEnd ? 'length' : undefined, timestampCharacters(formats)]
}
