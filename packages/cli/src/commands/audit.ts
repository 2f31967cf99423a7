import type { Command } from 'commander'
import { addStoreOptions, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'

export function defineAudit(audit: Command, done: Done): void {
  addStoreOptions(audit.command('verify').description('check the hash chain of the whole log'))
    .option('--json', '{"entries":…,"head":…,"broken":…}')
    .addHelpText(
      'after',
      '\nThe exit code is 0 when the log is whole and 1 when it is not. Keep the head elsewhere: a log that was cut off does not show it.',
    )
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const { verifyChain } = await import('@countersign/server/store')
      await withService(options, async ({ database }) => {
        const report = await verifyChain(database.db)
        if (options.json === true) out(`${JSON.stringify(report)}\n`)
        else if (report.broken === undefined) out(`whole: ${report.entries} entries, head ${report.head}\n`)
        else out(`broken at entry ${report.broken.sequence}: ${report.broken.reason}\n`)
        done(report.broken === undefined ? EXIT.ok : EXIT.refused)
      })
    })

  addStoreOptions(audit.command('export').description('print the log as JSON lines, the oldest first'))
    .option('--organisation <id>', 'only what is about it')
    .addHelpText('after', '\nExample:\n  $ countersign audit export > audit.jsonl')
    .action(async (options: StoreOptions & { organisation?: string }) => {
      const { readAudit } = await import('@countersign/server/store')
      let count = 0
      await withService(options, async ({ database }) => {
        for await (const entry of readAudit(database.db, options.organisation)) {
          out(`${JSON.stringify(entry)}\n`)
          count++
        }
      })
      if (process.stderr.isTTY) tell(`${count} entries`)
      done(EXIT.ok)
    })
}
