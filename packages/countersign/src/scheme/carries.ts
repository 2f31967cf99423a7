import { type Carried, isDeclared, type Scheme } from './scheme.ts'

/**
 * Every place that a scheme writes to: what the gateway takes out of a call, and what docs and OpenAPI list. The logic
 * of RFC 9421, draft 12 and SigV4 states its own.
 *
 * @returns nothing for what is not a scheme; it never throws
 *
 * @example
 * ```ts
 * carriesOf(github)
 * // [{ in: 'header', name: 'x-hub-signature-256', required: true, secret: false, holds: 'sha256={signature}' }]
 * ```
 */
export function carriesOf(scheme: Scheme): readonly Carried[] {
  if (scheme.base !== undefined) return scheme.base.carries
  if (!isDeclared(scheme)) return []
  const { headers = {}, query = {}, form = {} } = scheme.declaration
  return scheme.carriers.map(({ in: place, name, fields }): Carried => {
    const value = { header: headers, query, form }[place][name] ?? ''
    return {
      in: place,
      name,
      required: !(scheme.alternatives?.some(field => fields.includes(field)) ?? false),
      secret: fields.includes('passphrase'),
      holds: typeof value === 'string' ? value : `${value.prefix ?? ''}${value.items.join(value.separator)}`,
    }
  })
}
