import type { HeaderDeclaration, MessagePiece } from './declaration.ts'
import { type DeclaredScheme, messagePieces, type Scheme } from './scheme.ts'

/** A header, query or body parameter that a call carries. */
export interface CarriedDescription {
  readonly in: 'header' | 'query' | 'form'
  readonly name: string
  /** The template, or what it holds in words. */
  readonly value: string
}

/** What a scheme is, in words that are derived from it: for pages, help texts and OpenAPI. */
export interface SchemeDescription {
  readonly message: string
  readonly algorithm: string
  readonly key: string
  readonly timestamp: string
  readonly signature: string
  readonly carried: readonly CarriedDescription[]
  /** What people get wrong, each with what is right. */
  readonly mistakes: readonly string[]
}

export function describeScheme(scheme: Scheme): SchemeDescription {
  if (scheme.kind === 'declared') return describeDeclared(scheme)
  return {
    message: scheme.signs,
    algorithm: scheme.keys === 'secret' ? 'hmac-sha256' : 'hmac-sha256, or that of the key pair',
    key: describeKey(scheme),
    timestamp: scheme.detectsReplays ? 'see the headers' : 'none',
    signature: 'see the headers',
    carried: scheme.carries.map(({ in: place, name, description }) => ({ in: place, name, value: description })),
    mistakes: [
      'Signing a URL, a header or a body other than the one that is sent: a proxy or a client library may change them on the way.',
      ...(scheme.secret.encoding === 'base64' ? ['Using the secret’s base64 text as the key: decode it first.'] : []),
    ],
  }
}

function describeDeclared(scheme: DeclaredScheme): SchemeDescription {
  const { declaration, timestamp, signature } = scheme
  const { headers = {}, query = {}, form = {} } = declaration
  return {
    message: messagePieces(declaration).map(pieceText).join(''),
    algorithm: scheme.algorithm.name,
    key: describeKey(scheme),
    timestamp:
      timestamp === undefined
        ? 'none'
        : `${timestamp.formats.join(', ')}${timestamp.meaning === 'expires' ? ' (until when the call holds)' : ''}`,
    signature: ENCODINGS[signature.encoding],
    carried: [
      ...Object.entries(headers).map(([name, value]): CarriedDescription => ({ in: 'header', name, value: headerText(value) })),
      ...Object.entries(query).map(([name, value]): CarriedDescription => ({ in: 'query', name, value })),
      ...Object.entries(form).map(([name, value]): CarriedDescription => ({ in: 'form', name, value })),
    ],
    mistakes: findMistakes(scheme),
  }
}

const ENCODINGS = {
  hex: 'hexadecimal, lower case',
  'hex-upper': 'hexadecimal, upper case',
  base64: 'base64, padded',
  'base64-unpadded': 'base64, without padding',
  base64url: 'base64url, without padding',
  'base64url-padded': 'base64url, padded',
} as const

function describeKey({ keys, secret, hasPassphrase }: Scheme): string {
  const written = {
    utf8: 'used as its UTF-8 bytes',
    hex: 'hexadecimal, decoded before use',
    base64: 'base64 (either alphabet, padded or not), decoded before use',
  }[secret.encoding]
  const text = `a secret, ${written}${secret.prefix === '' ? '' : `, after ${secret.prefix}`}`
  const pair = 'a key pair in PEM'
  return `${keys === 'secret' ? text : keys === 'key-pair' ? pair : `${text}; or ${pair}`}${hasPassphrase ? ', and a passphrase' : ''}`
}

function pieceText(piece: MessagePiece): string {
  if (typeof piece === 'string') return piece
  return `{${piece.hash} of "${typeof piece.of === 'string' ? piece.of : piece.of.join('')}", ${piece.encoding === 'raw' ? 'as bytes' : piece.encoding}}`
}

function headerText(value: HeaderDeclaration): string {
  return typeof value === 'string' ? value : `${value.prefix ?? ''}${value.items.join(value.separator)}`
}

/** What goes wrong is in the declaration: where an encoding, a unit or a part has a likelier-looking other. */
function findMistakes({ secret, keys, timestamp, signature, fields, declaration, alternatives }: DeclaredScheme): readonly string[] {
  const mistakes: string[] = []
  if (keys === 'secret' && secret.encoding === 'base64')
    mistakes.push(
      "Using the secret’s base64 text as the key. Decode it first; and do not turn the bytes into text (`toString('ascii')` mangles them).",
    )
  if (keys === 'secret' && secret.encoding === 'hex') mistakes.push('Using the secret’s hexadecimal text as the key. Decode it first.')
  if (keys === 'secret' && secret.encoding === 'utf8')
    mistakes.push(
      `Decoding the secret. It is used as it is shown${/whsec/.test(JSON.stringify(declaration)) ? ', prefix and all' : ''}, even where it looks like base64 or hexadecimal.`,
    )
  if (signature.encoding.startsWith('base64url'))
    mistakes.push(
      'Writing the signature with + and /, or with = at the end. It is base64url' +
        (signature.encoding === 'base64url' ? ' without padding.' : '.'),
    )
  if (signature.encoding === 'base64')
    mistakes.push('Writing the signature in hexadecimal, or in base64url. It is standard base64, padded.')
  if (signature.encoding === 'hex') mistakes.push('Writing the signature in base64 or in upper case. It is hexadecimal in lower case.')
  if (timestamp !== undefined) {
    const [format] = timestamp.formats
    mistakes.push(`Signing one timestamp and sending another. The very characters that were signed go into the header.`)
    if (timestamp.formats.length === 1)
      mistakes.push(
        `Writing the timestamp in another unit or form. It is ${format}${timestamp.meaning === 'expires' ? ', and lies ahead: it says until when the call holds' : ''}.`,
      )
  }
  if (fields.has('url'))
    mistakes.push('Signing the path alone. The full URL is signed, with scheme, host, port and query as they are sent.')
  if (fields.has('target'))
    mistakes.push('Signing the full URL, or leaving out the query. Path and query are signed, without scheme and host.')
  if (fields.has('path') && !fields.has('target')) mistakes.push('Signing the full URL. The path alone is signed where {path} stands.')
  if (fields.has('body') || fields.has('payload'))
    mistakes.push('Serialising the body twice. Sign the bytes that are sent: a space or another order of the members is another signature.')
  if (fields.has('method') && !JSON.stringify(declaration.message).includes('method|lower'))
    mistakes.push('Writing the method in lower case. It is signed in upper case.')
  if (alternatives !== undefined) mistakes.push(`Sending both ${alternatives.join(' and ')}. A call carries one of them.`)
  return mistakes
}
