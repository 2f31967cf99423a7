import type { AuditEntry, ChainReport, PruneReport } from '@countersign/server/store'
import type { Command } from 'commander'
import { createAdminCall } from '../keys/admin-api.ts'
import { momentOf } from '../keys/key-options.ts'
import { localActor } from '../keys/local-actor.ts'
import { addServerOptions, readToken, type ServerOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, outInTurn, tell } from '../process/streams.ts'

interface AuditOptions extends ServerOptions {
  readonly json?: boolean
}

/** The log as a whole, on a store itself or through a server's admin API. */
interface Audit {
  verify(head: string | undefined): Promise<ChainReport>
  head(): Promise<string>
  prune(before: string): Promise<PruneReport>
  /** All entries as JSON, the oldest first. */
  lines(organisation: string | undefined): AsyncIterable<string>
}

export function defineAudit(audit: Command, done: Done): void {
  addServerOptions(audit.command('verify').description('check the hash chain of the whole log'))
    .option('--head <head>', 'one that audit head printed: nothing after it was cut off, and nothing before it written anew')
    .option('--json', '{"entries":…,"head":…,"broken":…}')
    .addHelpText(
      'after',
      `
The exit code is 0 when the log is whole and 1 when it is not. Whoever can write to the database could cut off the end of the log together
with its head: only a head that was kept elsewhere shows that.

Example:
  $ countersign audit head > /elsewhere/head
  $ countersign audit verify --head "$(cat /elsewhere/head)"`,
    )
    .action(async (options: AuditOptions & { head?: string }) => {
      const report = await withAudit(options, log => log.verify(options.head).catch(asUsageError))
      if (options.json === true) out(`${JSON.stringify(report)}\n`)
      else if (report.broken === undefined) out(`whole: ${report.entries} entries, head ${report.head}\n`)
      else if (report.broken.missing !== undefined) out(`incomplete: ${report.broken.reason}\n`)
      else out(`broken at entry ${report.broken.sequence}: ${report.broken.reason}\n`)
      done(report.broken === undefined ? EXIT.ok : EXIT.refused)
    })

  addServerOptions(audit.command('head').description('print the number and hash of the last entry, to be kept elsewhere')).action(
    async (options: AuditOptions) => {
      out(`${await withAudit(options, log => log.head())}\n`)
      done(EXIT.ok)
    },
  )

  addServerOptions(audit.command('prune').description('remove old entries; a sealed checkpoint keeps the chain verifiable'))
    .requiredOption('--before <moment>', 'entries from before this date or time go, but for those of the last day')
    .option('--json', '{"removed":…,"checkpoint":…}')
    .addHelpText(
      'after',
      '\nExport them first, if they are to be kept.\n\nExample:\n  $ countersign audit export > audit-2026.jsonl && countersign audit prune --before 2026-01-01',
    )
    .action(async (options: AuditOptions & { before: string }) => {
      const before = momentOf(options.before)
      const report = await withAudit(options, log => log.prune(before))
      if (options.json === true) out(`${JSON.stringify(report)}\n`)
      else tell(`${report.removed} entries were removed; the log begins after entry ${report.checkpoint.sequence}.`)
      done(EXIT.ok)
    })

  addServerOptions(audit.command('export').description('print the log as JSON lines, the oldest first'))
    .option('--organisation <id>', 'only what is about it')
    .addHelpText('after', '\nExample:\n  $ countersign audit export > audit.jsonl')
    .action(async (options: AuditOptions & { organisation?: string }) => {
      let count = 0
      await withAudit(options, async log => {
        for await (const line of log.lines(options.organisation)) {
          await outInTurn(`${line}\n`)
          count++
        }
      })
      if (process.stderr.isTTY) tell(`${count} entries`)
      done(EXIT.ok)
    })
}

/** A head that is none is no fault of the log. */
function asUsageError(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === 'head-malformed') throw new UsageError(error.code, error.message)
  throw error
}

async function withAudit<T>(options: ServerOptions, work: (log: Audit) => Promise<T>): Promise<T> {
  if (options.server !== undefined) {
    const { call, lines } = createAdminCall(options.server, readToken(options))
    return await work({
      verify: head => call('GET', '/audit/verify', { head }),
      head: async () => (await call<{ readonly head: string }>('GET', '/audit/head', {})).head,
      prune: before => call('POST', '/audit/prune', {}, { before }),
      lines: organisation => lines('/audit/export', { organisation }),
    })
  }
  const { placeText, readAudit } = await import('@countersign/server/store')
  return await withService(options, ({ audit, database }) =>
    work({
      verify: head => audit.verify(head),
      head: async () => placeText(await audit.head()),
      prune: before => audit.prune(localActor(), Date.parse(before)),
      lines: organisation => asJson(readAudit(database.db, organisation)),
    }),
  )
}

async function* asJson(entries: AsyncIterable<AuditEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield JSON.stringify(entry)
}
