import { fieldsOf, type Recipe } from '../recipe/recipe.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'

/** What goes wrong can be read from a scheme: where an encoding, a unit or a part has a likelier-looking other. */
export function findMistakes(scheme: Scheme): readonly string[] {
  return [...secretMistakes(scheme), ...signatureMistakes(scheme), ...timestampMistakes(scheme), ...messageMistakes(scheme)]
}

function secretMistakes({ keys, secret }: Scheme): readonly string[] {
  if (keys === 'key-pair') return []
  switch (secret.encoding) {
    case 'base64':
      return [
        "Using the secret’s base64 text as the key. Decode it first; and do not turn the bytes into text (`toString('ascii')` mangles them).",
      ]
    case 'hex':
      return ['Using the secret’s hexadecimal text as the key. Decode it first.']
    case 'utf8':
      return ['Decoding the secret. It is used as it is shown, even where it looks like base64 or hexadecimal.']
  }
}

function signatureMistakes({ signature: { encoding } }: Scheme): readonly string[] {
  switch (encoding) {
    case 'base64url':
      return ['Writing the signature with + and /, or with = at the end. It is base64url without padding.']
    case 'base64url-padded':
      return ['Writing the signature with + and /, or with = at the end. It is base64url.']
    case 'base64':
      return ['Writing the signature in hexadecimal, or in base64url. It is standard base64, padded.']
    case 'hex':
      return ['Writing the signature in base64 or in upper case. It is hexadecimal in lower case.']
    default:
      return []
  }
}

function timestampMistakes(scheme: Scheme): readonly string[] {
  const timestamp = isDeclared(scheme) ? scheme.timestamp : undefined
  if (timestamp === undefined) return []
  const [format, ...others] = timestamp.formats
  const ahead = timestamp.meaning === 'expires' ? ', and lies ahead: it says until when the call holds' : ''
  return [
    'Signing one timestamp and sending another. The very characters that were signed go into the header.',
    ...(others.length > 0 ? [] : [`Writing the timestamp in another unit or form. It is ${format}${ahead}.`]),
  ]
}

function messageMistakes(scheme: Scheme): readonly string[] {
  const { message } = scheme
  const fields = new Set(fieldsOf(message))
  const has = (...names: readonly string[]): boolean => names.some(name => fields.has(name))
  const alternatives = alternativesOf(message)
  return [
    ...(has('url') ? ['Signing the path alone. The full URL is signed, with scheme, host, port and query as they are sent.'] : []),
    ...(has('target') ? ['Signing the full URL, or leaving out the query. Path and query are signed, without scheme and host.'] : []),
    ...(has('path') && !has('target') && scheme.base === undefined
      ? ['Signing the full URL. The path alone is signed where {path} stands.']
      : []),
    ...([...fields].some(name => name === 'covered' || name.startsWith('header.'))
      ? ['Signing a header other than the one that is sent: a proxy or a client library may change it on the way.']
      : []),
    ...(has('body', 'payload', 'header.digest', 'header.content-digest')
      ? ['Serialising the body twice. Sign the bytes that are sent: a space or another order of the members is another signature.']
      : []),
    ...(has('method') && !lowers(message, 'method') ? ['Writing the method in lower case. It is signed in upper case.'] : []),
    ...(alternatives.length === 0 ? [] : [`Sending both ${alternatives.join(' and ')}. A call carries one of them.`]),
  ]
}

/** The fields of which a call carries one. */
function alternativesOf(recipe: Recipe): readonly string[] {
  if (recipe.op === 'first') return fieldsOf(recipe)
  return 'of' in recipe ? [recipe.of].flat().flatMap(alternativesOf) : []
}

/** Whether a field is signed in lower case. */
function lowers(recipe: Recipe, name: string): boolean {
  if (recipe.op === 'filter' && recipe.filter === 'lower') return fieldsOf(recipe.of).includes(name)
  return 'of' in recipe && [recipe.of].flat().some(inner => lowers(inner, name))
}
