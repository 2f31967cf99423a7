import { Readable } from 'node:stream'
import { tell } from 'countersign'
import { z } from 'zod'
import { type AuditEntry, lastSequence, listAudit, readAudit } from '../../audit/audit-log.ts'
import { placeText } from '../../audit/checkpoint.ts'
import { type Route, route } from '../route.ts'

/** The header of an export with the number of its last entry; 0: it has none. */
const LAST_SEQUENCE = 'countersign-last-sequence'

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
    summary: 'The audit log as JSON lines, the oldest first; countersign-last-sequence is the number of the last one',
    access: 'read',
    query: z.strictObject({
      organisation: z.string().max(200).optional().meta({ description: 'For operators: only what is about it.' }),
    }),
    async handle({ db, within, query: { organisation }, onError }) {
      const about = within ?? organisation
      const last = await lastSequence(db, about)
      const lines = Readable.from(linesOf(readAudit(db, about, last))).on('error', error => tell(onError, error))
      // An answer of HTTP/1.0, as proxies ask for, ends with its connection: nothing else tells one that was cut off.
      const headers = { 'content-type': 'application/jsonl', [LAST_SEQUENCE]: String(last) }
      return new Response(Readable.toWeb(lines) as ReadableStream<Uint8Array>, { headers })
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/audit/verify',
    summary: 'Check the hash chain of the whole audit log',
    access: 'operator',
    answer: z.object({
      entries: z.number(),
      head: z.string(),
      broken: z
        .object({
          sequence: z.number(),
          reason: z.string(),
          missing: z.number().optional().meta({ description: 'How many entries are gone at the end, where the others are whole.' }),
        })
        .optional(),
    }),
    query: z.strictObject({ head: z.string().max(100).optional().meta({ description: 'A head that was kept elsewhere.' }) }),
    handle: async ({ audit, query }) => ({ value: await audit.verify(query.head) }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/audit/head',
    summary: 'The last entry’s number and hash, to be kept elsewhere',
    access: 'operator',
    answer: z.object({ head: z.string() }),
    handle: async ({ audit }) => ({ value: { head: placeText(await audit.head()) } }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/audit/prune',
    summary: 'Remove the entries before a moment; a sealed checkpoint keeps the chain verifiable',
    access: 'operator',
    body: z.strictObject({ before: z.iso.datetime({ offset: true }) }).meta({ id: 'Prune' }),
    answer: z.object({ removed: z.number(), checkpoint: z.object({ sequence: z.number(), hash: z.string() }) }).meta({ id: 'Pruned' }),
    handle: async ({ audit, actor, body }) => ({ value: await audit.prune(actor, Date.parse(body.before)) }),
  }),
]

async function* linesOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) yield Buffer.from(`${JSON.stringify(entry)}\n`)
}
