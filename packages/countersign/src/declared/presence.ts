import type { PlanRequest } from '../scheme/plan.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import { findLine, headerLines } from '../wire/header-lines.ts'
import { queryOf } from '../wire/url.ts'
import { isOptional } from './presented.ts'

/**
 * Whether a request has all that each call of the scheme has in its head; where words stand before a value, those too.
 */
export function compilePresence(scheme: DeclaredScheme): (request: PlanRequest) => boolean {
  const places = scheme.carriers
    .filter(carrier => carrier.in !== 'form' && !isOptional(carrier, scheme))
    .map(carrier => ({ in: carrier.in, name: carrier.name, words: wordsBefore(carrier).toLowerCase() }))
  return ({ headers, target }) => {
    const lines = headerLines(headers)
    const pairs = queryOf(target).split('&')
    return places.every(({ in: place, name, words }) => {
      if (place === 'query') return pairs.some(pair => pair.startsWith(`${name}=`))
      return findLine(lines, name)?.toLowerCase().startsWith(words) === true
    })
  }
}

/** The text that a value begins with. */
function wordsBefore({ prefix, separator, items }: Carrier): string {
  const first = separator === undefined ? items[0]?.[0] : undefined
  return first?.op === 'text' ? prefix + first.text : prefix
}
