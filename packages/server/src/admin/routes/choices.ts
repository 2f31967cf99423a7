import { z } from 'zod'
import { type Route, route } from '../route.ts'

const used = z
  .boolean()
  .meta({ description: 'Whether a route of the settings takes calls by it; false as well where there are no settings.' })

/** What a key can be made with. */
export const choiceRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/permissions',
    summary: 'The permissions that a key can have, and the calls that each opens; none: any name',
    access: 'read',
    answer: z.array(z.object({ name: z.string(), title: z.string(), description: z.string(), opens: z.array(z.string()) })),
    handle: async ({ permissions }) => ({ value: permissions ?? [] }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/schemes',
    summary: 'The schemes that a key can be for',
    access: 'read',
    answer: z.array(z.object({ name: z.string(), title: z.string(), keys: z.enum(['secret', 'key-pair', 'either']), used })),
    handle: async ({ schemes, usedSchemes = [] }) => ({
      value: schemes.map(({ name, title, keys }) => ({ name, title, keys, used: usedSchemes.includes(name) })),
    }),
  }),
]
