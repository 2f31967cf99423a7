import type { Digest } from '../crypto/algorithm.ts'
import { type Filter, field, filter, type Recipe, TEXT_CHANGES, text } from '../recipe/recipe.ts'
import type { BytesEncoding } from '../wire/encoding.ts'

/** A brace for itself, an expression, or text; what is left over is a stray brace. */
export const TEMPLATE_TOKENS = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g

/**
 * Reads a template into recipes, one behind the other. Text stands for itself; `{field}` for a value;
 * `{field|filter|…}` for a value changed by filters (`lower`, `upper`, `percent-encode`, `sorted` for a query's
 * parameters; `sha1`, `sha256`, `sha384`, `sha512`, then how the hash is written, `hex` unless said; `hmac`, the same
 * way); `{timestamp or nonce}` for whichever the call carries. `{{` and `}}` are braces. The template was checked
 * before, see `define.ts`.
 */
export function parseTemplate(template: string): Recipe[] {
  const parts: Recipe[] = []
  let literal = ''
  for (const [token, expression] of template.matchAll(TEMPLATE_TOKENS)) {
    if (expression === undefined) {
      literal += token === '{{' || token === '}}' ? token.charAt(0) : token
      continue
    }
    if (literal !== '') parts.push(text(literal))
    literal = ''
    parts.push(parseExpression(expression))
  }
  if (literal !== '') parts.push(text(literal))
  return parts
}

/** `field or field|filter|filter`, taken apart. */
export function splitExpression(expression: string): { readonly fields: readonly string[]; readonly filters: readonly string[] } {
  const [value = '', ...filters] = expression.split('|').map(word => word.trim())
  return { fields: value.split(' or ').map(word => word.trim()), filters }
}

function parseExpression(expression: string): Recipe {
  const { fields, filters } = splitExpression(expression)
  const [first, encoding = 'hex'] = filters
  const [only, ...more] = fields.map(field)
  const value: Recipe = only === undefined || more.length > 0 ? { op: 'first', of: fields.map(field) } : only
  if (first === undefined) return value
  const changed = filter(first as Filter, value)
  return (TEXT_CHANGES as readonly string[]).includes(first) ? changed : filter(encoding as BytesEncoding, changed)
}

/** The recipe of a declaration's `{ hash, encoding, of }`. */
export function hashRecipe(digest: Digest, encoding: BytesEncoding | 'raw', of: Recipe): Recipe {
  const hash = filter(digest, of)
  return encoding === 'raw' ? hash : filter(encoding, hash)
}
