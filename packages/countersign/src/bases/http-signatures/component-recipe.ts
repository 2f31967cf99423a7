import { field, filter, join, type Recipe, text } from '../../recipe/recipe.ts'

/**
 * How the value of a component is made of a request, or `undefined` for what a request has not of itself: the status,
 * what belongs to the request of a response, and trailers, which come too late.
 */
export function componentRecipe(name: string, flags: ReadonlySet<string>, texts: ReadonlyMap<string, string>): Recipe | undefined {
  if (flags.has('req') || flags.has('tr')) return undefined
  if (name.startsWith('@')) return derivedRecipe(name, texts.get('name') ?? '')
  const value = field(`header.${name}`)
  const key = texts.get('key')
  if (flags.has('bs')) return filter('byte-lines', value)
  if (key !== undefined) return filter('member', value, key)
  return flags.has('sf') ? filter('structured', value) : value
}

function derivedRecipe(name: string, parameter: string): Recipe | undefined {
  switch (name) {
    case '@method':
      return field('method')
    case '@target-uri':
      return field('url')
    case '@authority':
      return field('host')
    case '@scheme':
      return field('scheme')
    case '@request-target':
      return field('target')
    case '@path':
      return field('path')
    case '@query':
      return join('', [text('?'), field('query')])
    case '@query-param':
      return filter('query-param', field('query'), parameter)
    default:
      return undefined
  }
}
