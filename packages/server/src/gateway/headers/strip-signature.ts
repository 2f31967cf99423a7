import { carriesOf, type Scheme } from 'countersign'
import { percentDecoded } from './percent.ts'

/**
 * The headers that a scheme writes, lower case. They don't go upstream: an upstream that read them would trust what
 * only the gateway has checked.
 */
export function carriedHeaders(scheme: Scheme): readonly string[] {
  return carriesOf(scheme)
    .filter(carried => carried.in === 'header')
    .map(carried => carried.name.toLowerCase())
}

/**
 * Takes the query parameters that a scheme writes out of a request target; every other byte stays as it was. What a
 * scheme writes into a form stays too: it is part of the body, which the upstream gets byte for byte.
 */
export function compileTargetStripper(scheme: Scheme): (target: string) => string {
  const names = new Set(
    carriesOf(scheme)
      .filter(carried => carried.in === 'query')
      .map(carried => carried.name),
  )
  if (names.size === 0) return target => target
  return target => {
    const mark = target.indexOf('?')
    if (mark === -1) return target
    const all = target.slice(mark + 1).split('&')
    const kept = all.filter(parameter => !names.has(decodedName(parameter)))
    if (kept.length === all.length) return target
    return target.slice(0, mark) + (kept.length === 0 ? '' : `?${kept.join('&')}`)
  }
}

/** As an upstream reads the name of a parameter. */
function decodedName(parameter: string): string {
  const name = parameter.split('=', 1)[0] ?? ''
  return percentDecoded(name.replaceAll('+', ' '))
}
