import { Readable } from 'node:stream'
import { z } from 'zod'
import { type AuditEntry, listAudit, readAudit } from '../../audit/audit-log.ts'
import { verifyChain } from '../../audit/verify-chain.ts'
import { ServerError } from '../../errors.ts'
import { migrationReport } from '../../keys/migration-report.ts'
import { ROLES } from '../administrators.ts'
import { type Route, route } from '../route.ts'
import { csrfTokenOf, SESSION_COOKIE, SESSION_MS } from '../sessions.ts'

const moment = z.iso.datetime()
const administrator = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    organisationId: z.string().nullable(),
    createdAt: moment,
    disabled: z.boolean(),
  })
  .meta({ id: 'Administrator' })
const session = z
  .object({
    administrator: z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES), organisationId: z.string().nullable() }),
    csrfToken: z.string().nullable().meta({ description: 'To be sent as x-csrf-token with every change; null where no cookie is used.' }),
  })
  .meta({ id: 'Session' })
const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u)
const organisation = z
  .object({ id: z.string(), kind: z.enum(['organisation', 'person']), name: z.string(), createdAt: moment })
  .meta({ id: 'Organisation' })
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

export const sessionRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/admin/v1/session',
    summary: 'Sign in with a token, for a session with a cookie',
    access: 'read',
    answer: session,
    async handle({ actor, administrator, sessions }) {
      const { id, name: own, role, organisationId } = administrator
      const begun = await sessions.begin(actor, administrator)
      return {
        value: { administrator: { id, name: own, role, organisationId: organisationId ?? null }, csrfToken: begun.csrfToken },
        headers: { 'set-cookie': `${SESSION_COOKIE}=${begun.id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}` },
      }
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/session',
    summary: 'Who is signed in',
    access: 'read',
    answer: session,
    handle: async ({ administrator: { id, name: own, role, organisationId }, sessionId }) => ({
      value: {
        administrator: { id, name: own, role, organisationId: organisationId ?? null },
        csrfToken: sessionId === undefined ? null : csrfTokenOf(sessionId),
      },
    }),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/session',
    summary: 'Sign out',
    access: 'read',
    status: 204,
    async handle({ sessions, sessionId }) {
      if (sessionId !== undefined) await sessions.end(sessionId)
      return { headers: { 'set-cookie': `${SESSION_COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0` } }
    },
  }),
]

export const otherRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/permissions',
    summary: 'The permissions that a key can have, and the calls that each opens',
    access: 'read',
    answer: z.array(z.object({ name: z.string(), title: z.string(), description: z.string(), opens: z.array(z.string()) })),
    handle: async ({ permissions }) => ({ value: permissions }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/schemes',
    summary: 'The schemes that a key can be for',
    access: 'read',
    answer: z.array(z.object({ name: z.string(), title: z.string(), keys: z.enum(['secret', 'key-pair', 'either']) })),
    handle: async ({ schemes }) => ({ value: schemes.map(({ name, title, keys }) => ({ name, title, keys })) }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/organisations',
    summary: 'The organisations that you may see',
    access: 'read',
    answer: z.array(organisation),
    handle: async ({ administrators, within }) => ({ value: await administrators.organisations(within) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/organisations',
    summary: 'Make an organisation, or a personal account',
    access: 'operator',
    body: z.strictObject({ name, kind: z.enum(['organisation', 'person']).default('organisation') }).meta({ id: 'NewOrganisation' }),
    answer: organisation,
    status: 201,
    handle: async ({ administrators, actor, body }) => ({ value: await administrators.createOrganisation(actor, body) }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/administrators',
    summary: 'List administrators',
    access: 'read',
    answer: z.array(administrator),
    handle: async ({ administrators, within }) => ({ value: await administrators.list(within) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/administrators',
    summary: 'Make an administrator; the token is shown this once',
    access: 'write',
    body: z
      .strictObject({ name, role: z.enum(ROLES), organisationId: z.string().min(1).max(200).optional() })
      .meta({ id: 'NewAdministrator' }),
    answer: z.object({ administrator, token: z.string() }).meta({ id: 'ShownAdministrator' }),
    status: 201,
    async handle({ administrators, actor, within, body: { name: given, role, organisationId } }) {
      if (within !== undefined && (role === 'operator' || (organisationId !== undefined && organisationId !== within)))
        throw new ServerError('role-denied', 403, 'You can make administrators and auditors of your own organisation.')
      if (role === 'admin' && within === undefined && organisationId === undefined)
        throw new ServerError('organisation-missing', 400, 'An admin belongs to an organisation: give organisationId.')
      if (role === 'operator' && organisationId !== undefined)
        throw new ServerError('organisation-unwanted', 400, 'An operator works in all organisations: leave organisationId out.')
      return { value: await administrators.create(actor, { name: given, role, organisationId: within ?? organisationId }) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/administrators/{id}',
    summary: 'Disable an administrator, whose token and sessions end',
    access: 'write',
    status: 204,
    async handle({ administrators, administrator: { id: own }, actor, within, params: { id = '' } }) {
      if (id === own) throw new ServerError('administrator-self', 409, 'You can not disable yourself: let another administrator do it.')
      await administrators.disable(actor, within, id)
      return {}
    },
  }),
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
