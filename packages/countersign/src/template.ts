import type { Digest } from './algorithm.ts'
import type { BytesEncoding } from './encoding.ts'

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

export const TEXT_CHANGES = ['lower', 'upper', 'percent-encode', 'sorted'] as const

export type TextChange = (typeof TEXT_CHANGES)[number]

export type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly field: Field; readonly or: Field | undefined; readonly change: TextChange | undefined }
  | { readonly kind: 'hash'; readonly digest: Digest; readonly encoding: BytesEncoding | 'raw'; readonly of: readonly Part[] }
  | { readonly kind: 'mac'; readonly encoding: BytesEncoding; readonly field: Field }

/** A brace for itself, an expression, or text; what is left over is a stray brace. */
export const TEMPLATE_TOKENS = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g

/**
 * Reads a template. Text stands for itself; `{field}` for a value; `{field|filter|…}` for a value changed by filters
 * (`lower`, `upper`, `percent-encode`, `sorted` for a query's parameters; `sha1`, `sha256`, `sha384`, `sha512`, then how
 * the hash is written, `hex` unless said; `hmac`, the same way); `{timestamp or nonce}` for whichever the call carries.
 * `{{` and `}}` are braces. The template was checked before, see `define.ts`.
 */
export function parseTemplate(template: string): Part[] {
  const parts: Part[] = []
  let literal = ''
  for (const [token, expression] of template.matchAll(TEMPLATE_TOKENS)) {
    if (expression === undefined) {
      literal += token === '{{' || token === '}}' ? token.charAt(0) : token
      continue
    }
    if (literal !== '') parts.push({ kind: 'literal', text: literal })
    literal = ''
    parts.push(parseExpression(expression))
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

/** `field or field|filter|filter`, taken apart. */
export function splitExpression(expression: string): { readonly fields: readonly string[]; readonly filters: readonly string[] } {
  const [value = '', ...filters] = expression.split('|').map(word => word.trim())
  return { fields: value.split(' or ').map(word => word.trim()), filters }
}

function parseExpression(expression: string): Part {
  const { fields, filters } = splitExpression(expression)
  const [field = '', or] = fields
  const [first, encoding = 'hex'] = filters
  if (first === undefined || (TEXT_CHANGES as readonly string[]).includes(first))
    return { kind: 'field', field, or, change: first as TextChange | undefined }
  if (first === 'hmac') return { kind: 'mac', encoding: encoding as BytesEncoding, field }
  return {
    kind: 'hash',
    digest: first as Digest,
    encoding: encoding as BytesEncoding,
    of: [{ kind: 'field', field, or, change: undefined }],
  }
}
