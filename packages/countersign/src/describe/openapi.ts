import type { Scheme } from '../scheme/scheme.ts'
import { describeScheme } from './describe.ts'

/** What an OpenAPI 3.1 document says of a scheme; merge it into one. */
export interface OpenApiSecurity {
  readonly components: {
    readonly securitySchemes: { readonly [name: string]: object }
    readonly parameters: { readonly [name: string]: object }
  }
  /** All of them together: a call carries every one. */
  readonly security: readonly { readonly [name: string]: readonly never[] }[]
}

/**
 * The security description of a scheme for OpenAPI 3.1: an `apiKey` security scheme for every header and query
 * parameter that a call carries, and the same as parameters with their descriptions, for those who want to show them
 * with each operation.
 */
export function openApiSecurity(scheme: Scheme): OpenApiSecurity {
  const { carried, message, algorithm, signature } = describeScheme(scheme)
  const named = carried.filter(({ in: place }) => place !== 'form').map(one => ({ ...one, key: keyOf(scheme, one.name) }))
  const about = `${scheme.title}: ${algorithm} over ${message}, written in ${signature}.`
  const securitySchemes = Object.fromEntries(
    named.map(({ key, in: place, name, holds }) => [
      key,
      { type: 'apiKey', in: place, name, description: `${holds}\n\n${about}${scheme.docs === undefined ? '' : ` See ${scheme.docs}`}` },
    ]),
  )
  const parameters = Object.fromEntries(
    named
      // OpenAPI has a parameter of this name ignored: it is what a security scheme is for.
      .filter(({ name }) => name !== 'authorization')
      .map(({ key, in: place, name, holds, required }) => [
        key,
        { name, in: place, required, description: holds, schema: { type: 'string' } },
      ]),
  )
  return {
    components: { securitySchemes, parameters },
    security: [Object.fromEntries(named.filter(({ required }) => required).map(({ key }) => [key, []]))],
  }
}

function keyOf({ name: scheme }: Scheme, name: string): string {
  return `${scheme}-${name.toLowerCase()}`
}
