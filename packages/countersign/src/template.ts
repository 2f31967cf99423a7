import { DIGEST_BYTES, type Digest } from './algorithm.ts'
import { ALPHABETS, type BytesEncoding } from './encoding.ts'
import { CountersignError } from './error.ts'

/**
 * What a template may name in braces. `target` is path and query as they stand on the request line, `query` is without
 * its `?`, `payload` is the query for GET, HEAD and DELETE and the body for the rest. Parameters that the scheme declares
 * are named too, and `header.NAME` for another header of the request.
 */
export const FIELDS = [
  'timestamp',
  'nonce',
  'keyId',
  'passphrase',
  'method',
  'url',
  'origin',
  'host',
  'target',
  'path',
  'query',
  'body',
  'payload',
  'signature',
] as const

export type BuiltInField = (typeof FIELDS)[number]
/** One of {@link FIELDS}, `header.NAME`, or the name of a declared parameter. */
export type Field = BuiltInField | (string & {})

export type TextChange = 'lower' | 'upper' | 'percent-encode'

export type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly field: Field; readonly or: Field | undefined; readonly change: TextChange | undefined }
  | { readonly kind: 'hash'; readonly digest: Digest; readonly encoding: BytesEncoding | 'raw'; readonly of: readonly Part[] }
  | { readonly kind: 'mac'; readonly encoding: BytesEncoding; readonly field: Field }

const TEXT_CHANGES: readonly string[] = ['lower', 'upper', 'percent-encode'] satisfies TextChange[]

/**
 * Reads a template. Text stands for itself; `{field}` for a value; `{field|filter|…}` for a value changed by filters
 * (`lower`, `upper`, `percent-encode`; `sha1`, `sha256`, `sha384`, `sha512`, then how the hash is written, `hex` unless
 * said; `hmac`, the same way); `{timestamp or nonce}` for whichever the call carries. `{{` and `}}` are braces.
 *
 * @throws CountersignError `scheme-invalid`, naming the place and what may stand there
 */
export function parseTemplate(template: string, where: string, parameters: readonly string[]): Part[] {
  const parts: Part[] = []
  let literal = ''
  let at = 0
  while (at < template.length) {
    const char = template.charAt(at)
    if ((char === '{' || char === '}') && template.charAt(at + 1) === char) {
      literal += char
      at += 2
    } else if (char === '{') {
      const end = template.indexOf('}', at)
      if (end < 0) throw invalid(where, `the brace at character ${at + 1} is never closed; write {{ for a brace itself`)
      if (literal !== '') parts.push({ kind: 'literal', text: literal })
      literal = ''
      parts.push(parseExpression(template.slice(at + 1, end), where, parameters))
      at = end + 1
    } else if (char === '}') {
      throw invalid(where, `the brace at character ${at + 1} closes nothing; write }} for a brace itself`)
    } else {
      literal += char
      at++
    }
  }
  if (literal !== '') parts.push({ kind: 'literal', text: literal })
  return parts
}

/** All fields that a part reads. */
export function fieldsOf(part: Part): readonly Field[] {
  switch (part.kind) {
    case 'literal':
      return []
    case 'field':
      return part.or === undefined ? [part.field] : [part.field, part.or]
    case 'hash':
      return part.of.flatMap(fieldsOf)
    case 'mac':
      return [part.field]
  }
}

export function invalid(where: string, problem: string): CountersignError {
  return new CountersignError('scheme-invalid', `${where}: ${problem}.`)
}

function parseExpression(expression: string, where: string, parameters: readonly string[]): Part {
  const [value = '', ...filters] = expression.split('|').map(word => word.trim())
  const [field = '', or, ...more] = value.split(' or ').map(word => word.trim())
  if (more.length > 0) throw invalid(where, `{${expression}} has more than two alternatives`)
  for (const name of or === undefined ? [field] : [field, or]) checkField(name, where, parameters)
  const [first, second, ...rest] = filters
  if (first === undefined) return { kind: 'field', field, or, change: undefined }
  if (rest.length > 0) throw invalid(where, `{${expression}} has more than two filters`)
  if (isTextChange(first)) {
    if (second !== undefined) throw invalid(where, `{${expression}}: nothing may follow ${first}`)
    return { kind: 'field', field, or, change: first }
  }
  const encoding = second ?? 'hex'
  if (!isBytesEncoding(encoding))
    throw invalid(where, `{${expression}}: ${encoding} is no encoding; one of ${Object.keys(ALPHABETS).join(', ')}`)
  if (first === 'hmac') return { kind: 'mac', encoding, field }
  if (isDigest(first)) return { kind: 'hash', digest: first, encoding, of: [{ kind: 'field', field, or, change: undefined }] }
  throw invalid(
    where,
    `{${expression}}: ${first} is no filter; one of ${[...TEXT_CHANGES, ...Object.keys(DIGEST_BYTES), 'hmac'].join(', ')}`,
  )
}

function checkField(name: string, where: string, parameters: readonly string[]): void {
  if ((FIELDS as readonly string[]).includes(name) || parameters.includes(name) || /^header\.[a-z0-9-]+$/.test(name)) return
  const known = [...FIELDS, ...parameters, 'header.NAME']
  throw invalid(where, `{${name}} is no part of a call; one of ${known.join(', ')}, or declare it under parameters`)
}

export function isDigest(word: unknown): word is Digest {
  return typeof word === 'string' && Object.hasOwn(DIGEST_BYTES, word)
}

export function isBytesEncoding(word: unknown): word is BytesEncoding {
  return typeof word === 'string' && Object.hasOwn(ALPHABETS, word)
}

function isTextChange(word: string): word is TextChange {
  return TEXT_CHANGES.includes(word)
}
