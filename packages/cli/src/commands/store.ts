import type { Command } from 'commander'
import { addStoreOptions, readStoreLocation, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'

export function defineStore(store: Command, done: Done): void {
  addStoreOptions(
    store.command('backup').description('copy a key store on SQLite while others work on it').argument('<file>', 'a new file'),
  )
    .addHelpText(
      'after',
      `
All that was acknowledged before is in it. The master key is not: without it no secret can be opened, so keep a copy of that elsewhere.
PostgreSQL has its own, pg_dump and pg_restore: docs/backup.md says how.

Examples:
  $ countersign store backup backups/2026-11-27.db
  $ countersign store backup backups/2026-11-27.db --config countersign.yaml`,
    )
    .action(async (file: string, options: StoreOptions) => {
      const { store: path } = await readStoreLocation(options)
      const { backUpStore } = await import('@countersign/server/store')
      await backUpStore(path, file)
      tell(`The store ${path} is in ${file}, but for its master key: keep a copy of that elsewhere.`)
      done(EXIT.ok)
    })

  addStoreOptions(store.command('restore').description('make a key store of a backup').argument('<file>', 'what store backup wrote'))
    .addHelpText(
      'after',
      `
Where there is a store already, move it away first, with its -wal and -shm files. Put its master key beside it, or say where it is.

Example:
  $ countersign store restore backups/2026-11-27.db --store countersign.db && countersign store check`,
    )
    .action(async (file: string, options: StoreOptions) => {
      const { store: path } = await readStoreLocation(options)
      const { restoreStore } = await import('@countersign/server/store')
      await restoreStore(file, path)
      tell(`The store ${path} is as it was in ${file}. Its master key has to be there too: countersign store check says whether it is.`)
      done(EXIT.ok)
    })

  addStoreOptions(store.command('check').description('look whether a store is whole, has its master key, and its log is unbroken'))
    .option('--json', '{"entries":…,"head":…}')
    .addHelpText(
      'after',
      "\nThe exit code is 1 where the log is broken, and 2 where the store can't be opened.\n\nExample:\n  $ countersign store check",
    )
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const { checkPages, isPostgres, storeName } = await import('@countersign/server/store')
      const { store: path } = await readStoreLocation(options)
      const report = await withService(options, service => service.audit.verify())
      if (!isPostgres(path)) checkPages(path)
      if (options.json === true) out(`${JSON.stringify(report)}\n`)
      else if (report.broken === undefined)
        out(`whole: ${storeName(path)} opens with its master key, and its log has ${report.entries} entries, head ${report.head}\n`)
      else out(`broken at entry ${report.broken.sequence} of the log: ${report.broken.reason}\n`)
      done(report.broken === undefined ? EXIT.ok : EXIT.refused)
    })
}
