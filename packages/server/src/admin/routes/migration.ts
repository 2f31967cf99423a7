import { z } from 'zod'
import { migrationReport } from '../../keys/migration-report.ts'
import { type Route, route } from '../route.ts'

const moment = z.iso.datetime()
const DAY_MS = 86_400_000
const names = z
  .string()
  .min(1)
  .max(1000)
  .transform(text => text.split(',').map(name => name.trim()))
const migration = z
  .object({
    using: z.array(
      z.object({
        keyId: z.string(),
        name: z.string(),
        organisationId: z.string(),
        state: z.string(),
        via: z.string(),
        count: z.number(),
        firstUsedAt: moment.nullable(),
        lastUsedAt: moment.nullable(),
        successorLastUsedAt: moment.nullable(),
      }),
    ),
    stopped: z.number().meta({ description: 'Keys that used it once, and not within that time.' }),
  })
  .meta({ id: 'MigrationReport' })

export const migrationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/migration',
    summary: 'Which keys still use what is deprecated',
    access: 'read',
    query: z.strictObject({
      from: names.optional().meta({ description: 'The schemes or routes that are on their way out, by commas; left out: all.' }),
      to: names.optional().meta({ description: 'What is to be used instead, by commas; left out: anything else.' }),
      days: z.coerce.number().int().min(1).max(3660).default(30).meta({ description: 'Who used it in so many days.' }),
    }),
    answer: migration,
    handle: async ({ db, within, clock, query: { from = [], to = [], days } }) => ({
      value: await migrationReport(db, within, { from, to, sinceMs: clock() - days * DAY_MS }),
    }),
  }),
]
