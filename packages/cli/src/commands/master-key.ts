import type { Command } from 'commander'
import { localActor } from '../keys/local-actor.ts'
import { addStoreOptions, DEFAULT_STORE, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'

export function defineMasterKey(masterKey: Command, done: Done): void {
  addStoreOptions(masterKey.command('rotate').description('make a new master key and seal everything anew, while servers work'))
    .option('--json', '{"masterKeyId":…,"resealed":…,"resumed":…}')
    .addHelpText(
      'after',
      `
Broken off, it goes on when it is run again: until it is done, the file holds both keys. Servers read the file anew by themselves. Where the master key
comes from COUNTERSIGN_MASTER_KEY, put a new key in front of the old one there ("new,old"), restart, and run this with a file that holds both.

Example:
  $ countersign master-key rotate --store countersign.db`,
    )
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const { masterKeyFileFor, rotateMasterKey } = await import('@countersign/server/store')
      const file = masterKeyFileFor({ ...options, store: options.store ?? DEFAULT_STORE })
      if (file === undefined) throw new UsageError('master-key-file-missing', 'Say where the master key is: --master-key-file.')
      await withService({ ...options, masterKeyFile: file }, async service => {
        const { isTTY } = process.stderr
        const report = await rotateMasterKey(service.database, file, localActor(), {
          onProgress: ({ done: count, left }) => {
            if (isTTY) process.stderr.write(`\r${count} sealed anew, ${left} left\u001b[K`)
          },
        })
        if (isTTY) process.stderr.write('\r\u001b[K')
        if (options.json === true) out(`${JSON.stringify(report)}\n`)
        else
          tell(
            `${report.resumed ? 'Went on where it was broken off. ' : ''}${report.resealed} values are sealed with the new master key ${report.masterKeyId} in ${file}.`,
          )
      })
      done(EXIT.ok)
    })
}
