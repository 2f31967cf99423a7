import type { Ceilings, KeyView } from '@countersign/server'

/** What of a key is above its organisation's ceilings, for whoever sets them. The server is who decides. */
export function excessOf({ scheme, permissions, addresses }: KeyView, ceilings: Ceilings): string {
  const above = permissions.filter(name => ceilings.permissions?.includes(name) === false)
  const excess = [
    ...(above.length === 0 ? [] : [`permissions ${above.join(', ')}`]),
    ...(ceilings.schemes?.includes(scheme) === false ? [`scheme ${scheme}`] : []),
  ]
  // Ranges are compared by the server alone: where it is neither of those, it is these.
  return excess.join('; ') || `addresses ${addresses.join(', ') || 'any'}`
}
