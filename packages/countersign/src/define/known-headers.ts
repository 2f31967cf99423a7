import { field, fieldsOf, join, joinParts, type Recipe } from '../recipe/recipe.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'

/**
 * The scheme with every header in its message replaced that is known without looking: `{header.date}`, where the scheme
 * itself writes that header, is what it writes there, and `{header.host}` is the host of the verifier's own origin.
 */
export function withKnownHeaders(scheme: DeclaredScheme): DeclaredScheme {
  const message = join(
    '',
    scheme.message.of.flatMap(part => knownParts(part, scheme.carriers)),
  )
  return { ...scheme, message, fields: new Set([...fieldsOf(message), ...scheme.carriers.flatMap(carrier => carrier.fields)]) }
}

function knownParts(part: Recipe, carriers: readonly Carrier[]): readonly Recipe[] {
  if (part.op === 'filter') return [{ ...part, of: joinParts(knownParts(part.of, carriers)) }]
  if (part.op === 'join') return [{ ...part, of: part.of.flatMap(inner => knownParts(inner, carriers)) }]
  if (part.op !== 'field' || !part.field.startsWith('header.')) return [part]
  if (part.field === 'header.host') return [field('host')]
  const name = part.field.slice('header.'.length)
  const own = carriers.find(carrier => carrier.in === 'header' && carrier.name === name && carrier.separator === undefined)
  return own?.items[0] ?? [part]
}
