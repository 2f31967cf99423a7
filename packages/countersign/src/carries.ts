import type { Carried } from './plan.ts'
import { isDeclared, type Scheme } from './scheme.ts'

/** Every place that a scheme writes to. Readers, the gateway, docs and OpenAPI all use this one list. */
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
