import { CountersignError } from '../contract/error.ts'
import { oneOf, shown } from '../contract/one-of.ts'
import type { Digest } from '../crypto/algorithm.ts'
import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import { FIELDS, isTextChange, TEXT_CHANGES } from '../recipe/recipe.ts'
import { splitExpression, TEMPLATE_TOKENS } from '../scheme/template.ts'
import { ALPHABETS, type BytesEncoding } from '../wire/encoding.ts'

/** A mistake in a declaration: where it stands, and what may stand there. */
export function invalid(where: string, problem: string): CountersignError {
  return new CountersignError('scheme-invalid', `${where}: ${problem}.`)
}

/**
 * Checks a template before it is read.
 *
 * @throws CountersignError `scheme-invalid`, naming the place and what may stand there
 */
export function checkTemplate(template: unknown, where: string, parameters: readonly string[]): void {
  if (typeof template !== 'string') throw invalid(where, `a template is text, such as "{timestamp}{method}{url}"; got ${shown(template)}`)
  for (const { 0: token, 1: expression, index } of template.matchAll(TEMPLATE_TOKENS)) {
    if (expression !== undefined) checkExpression(expression, where, parameters)
    else if (token === '{' || token === '}')
      throw invalid(
        where,
        `the brace at character ${index + 1} ${token === '{' ? 'is never closed' : 'closes nothing'}; write ${token}${token} for a brace itself`,
      )
  }
}

function checkExpression(expression: string, where: string, parameters: readonly string[]): void {
  const { fields, filters } = splitExpression(expression)
  if (fields.length > 2) throw invalid(where, `{${expression}} has more than two alternatives`)
  for (const field of fields) checkField(field, where, parameters)
  if (fields.length > 1 && [...fields].sort().join() !== 'nonce,timestamp')
    throw invalid(where, `{${expression}}: the alternatives of a call are {timestamp or nonce}`)
  const [first, second, ...rest] = filters
  if (first === undefined) return
  if (rest.length > 0) throw invalid(where, `{${expression}} has more than two filters`)
  if (isTextChange(first)) {
    if (second !== undefined) throw invalid(where, `{${expression}}: nothing may follow ${first}`)
    if (first === 'sorted' && fields.join() !== 'query')
      throw invalid(where, `{${expression}}: sorted is for the parameters of {query}; other texts that differ would be signed alike`)
    return
  }
  const known = [...TEXT_CHANGES, ...Object.keys(DIGEST_BYTES), 'hmac']
  if (first !== 'hmac' && !isDigest(first)) throw invalid(where, `{${expression}}: ${oneOf(first, 'filter', known)}`)
  if (second !== undefined && !isBytesEncoding(second))
    throw invalid(where, `{${expression}}: ${oneOf(second, 'encoding', Object.keys(ALPHABETS))}`)
}

function checkField(name: string, where: string, parameters: readonly string[]): void {
  if ((FIELDS as readonly string[]).includes(name) || parameters.includes(name) || /^header\.[a-z0-9-]+$/.test(name)) return
  const known = [...FIELDS, ...parameters]
  throw invalid(where, `{${name}}: ${oneOf(name, 'part', [...known, 'header.NAME'])}, or declare it under parameters`)
}

export function isDigest(word: unknown): word is Digest {
  return typeof word === 'string' && Object.hasOwn(DIGEST_BYTES, word)
}

export function isBytesEncoding(word: unknown): word is BytesEncoding {
  return typeof word === 'string' && Object.hasOwn(ALPHABETS, word)
}
