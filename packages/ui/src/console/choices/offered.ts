import type { Ceilings, Permission } from '@countersign/server'
import type { SchemeView } from '../api.ts'

/**
 * The permissions to show a switch for: those that the catalogue has and the ceilings allow, and those that are granted
 * already. Without a catalogue, the ceilings' own names. Undefined: any name will do.
 */
export function offeredPermissions(
  catalogue: readonly Permission[],
  ceilings: Ceilings | undefined,
  granted: readonly string[] = [],
): readonly Permission[] | undefined {
  const named = (name: string): Permission => ({ name, title: name, description: '', opens: [] })
  const bounds = ceilings?.permissions
  if (catalogue.length === 0 && bounds === undefined) return undefined
  const known = catalogue.length === 0 ? (bounds ?? []).map(named) : catalogue
  const extra = granted.filter(name => known.every(one => one.name !== name)).map(named)
  return [...known.filter(({ name }) => granted.includes(name) || bounds?.includes(name) !== false), ...extra]
}

/** Whether a permission that is taken away could be given back. */
export function isGivable(name: string, catalogue: readonly Permission[], ceilings: Ceilings | undefined): boolean {
  return ceilings?.permissions?.includes(name) !== false && (catalogue.length === 0 || catalogue.some(one => one.name === name))
}

/** The schemes that the ceilings allow, those in use first. */
export function offeredSchemes(schemes: readonly SchemeView[], ceilings: Ceilings | undefined): readonly SchemeView[] {
  const allowed = schemes.filter(({ name }) => ceilings?.schemes?.includes(name) !== false)
  return [...allowed.filter(({ used }) => used), ...allowed.filter(({ used }) => !used)]
}

/**
 * The scheme to propose for a new key: one that the server knows to be used, or that of the last key, or the first.
 *
 * @param offered by {@link offeredSchemes}
 */
export function proposedScheme(offered: readonly SchemeView[], ofLastKey: string | undefined): string {
  const inUse = offered.filter(({ used }) => used)
  const known = inUse.length === 0 ? offered : inUse
  return (known.find(({ name }) => name === ofLastKey) ?? known[0])?.name ?? ''
}
