import { Readable } from 'node:stream'
import { z } from 'zod'
import { type AuditEntry, listAudit, readAudit } from '../../audit/audit-log.ts'
import { verifyChain } from '../../audit/verify-chain.ts'
import { type Route, route } from '../route.ts'

const auditEntry = z
  .object({
    sequence: z.number(),
    at: z.number().meta({ description: 'Milliseconds since the epoch.' }),
    actor: z.string(),
    organisationId: z.string(),
    action: z.string(),
    subject: z.string(),
    address: z.string(),
    detail: z.record(z.string(), z.unknown()),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' })

export const auditRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/audit',
    summary: 'The audit log, the newest first',
    access: 'read',
    query: z.strictObject({
      subject: z.string().max(256).optional(),
      action: z.string().max(100).optional(),
      before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
    answer: z.object({ entries: z.array(auditEntry), next: z.number().nullable() }).meta({ id: 'AuditPage' }),
    async handle({ db, within, query }) {
      const entries = await listAudit(db, { organisationId: within, ...query })
      return { value: { entries, next: entries.length < query.limit ? null : (entries.at(-1)?.sequence ?? null) } }
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/audit/export',
    summary: 'The audit log as JSON lines, the oldest first',
    access: 'read',
    handle: async ({ db, within }) =>
      new Response(Readable.toWeb(Readable.from(linesOf(readAudit(db, within)))) as ReadableStream<Uint8Array>, {
        headers: { 'content-type': 'application/jsonl' },
      }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/audit/verify',
    summary: 'Check the hash chain of the whole audit log',
    access: 'operator',
    answer: z.object({ entries: z.number(), head: z.string(), broken: z.object({ sequence: z.number(), reason: z.string() }).optional() }),
    handle: async ({ db }) => ({ value: await verifyChain(db) }),
  }),
]

async function* linesOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) yield Buffer.from(`${JSON.stringify(entry)}\n`)
}
