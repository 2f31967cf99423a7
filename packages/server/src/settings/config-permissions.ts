import { z } from 'zod'
import { PERMISSION_NAME, PERMISSION_NAME_IS, PERMISSION_PATTERN } from '../keys/permissions.ts'

/** A permission, as the settings have it. */
export const permission = z
  .strictObject({
    name: z.string().regex(PERMISSION_NAME, `A permission’s name: ${PERMISSION_NAME_IS}.`),
    title: z.string().min(1).max(100).optional().meta({ description: 'For people. Default: the name.' }),
    description: z.string().max(500).default('').meta({ description: 'A sentence for whoever grants it.' }),
    opens: z
      .array(z.string().regex(PERMISSION_PATTERN, 'Method and path, such as GET /orders/{id}.'))
      .default([])
      .meta({ description: 'The calls it opens: GET /orders/{id}, where {…} is one segment. Of several that fit, the most literal.' }),
  })
  .transform(({ title, ...rest }) => ({ ...rest, title: title ?? rest.name }))

export function haveOwnNames(permissions: readonly { readonly name: string }[]): boolean {
  return new Set(permissions.map(({ name }) => name)).size === permissions.length
}
