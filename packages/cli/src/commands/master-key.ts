import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { localActor } from '../keys/local-actor.ts'
import { addStoreOptions, readStoreLocation, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'

export function defineMasterKey(masterKey: Command, done: Done): void {
  masterKey
    .command('create')
    .description('make a master key for a new store')
    .argument('<path>', 'a new file, that only you can read')
    .addHelpText(
      'after',
      `
A store on SQLite gets one by itself, beside it; one on PostgreSQL has to be given one. Keep a copy elsewhere: without it, no secret of its store can be opened.

Example:
  $ countersign master-key create /etc/countersign/master-key
  $ countersign server --store postgres://user@db.internal/keys --master-key-file /etc/countersign/master-key`,
    )
    .action(async (path: string) => {
      const { createMasterKeyFile } = await import('@countersign/server/store')
      if (existsSync(path))
        throw new UsageError('already-there', `${path} is there already, and may be the master key of a store: give another name.`)
      createMasterKeyFile(path)
      tell(`The new master key is in ${path} (mode 0600): without it no secret of its store can be opened, so keep a copy elsewhere.`)
      done(EXIT.ok)
    })
  addStoreOptions(masterKey.command('rotate').description('make a new master key and seal everything anew, while servers work'))
    .option('--keep-old <file>', 'a new file for the old key, which backups made before this open with (mode 0600)')
    .option('--json', '{"masterKeyId":…, "oldMasterKeyIds":[…], "resealed":…, "resumed":…, "wrapped":…}')
    .addHelpText(
      'after',
      `
Broken off, it goes on when it is run again: until it is done, the file holds both keys. Servers read the file anew by themselves. Where the master key
comes from COUNTERSIGN_MASTER_KEY, put a new key in front of the old one there ("new,old"), restart, and run this with a file that holds both.

Backups made before this open with the old key alone: keep it, apart from them, as long as you keep them. Where Vault has wrapped the key, servers and
gateways that run need VAULT_ADDR and a token first: without them they can't read the new one.

Examples:
  $ countersign master-key rotate --store countersign.db --keep-old /safe/master-key-until-2026-11-28
  $ countersign master-key rotate --config countersign.yaml`,
    )
    .action(async (options: StoreOptions & { json?: boolean; keepOld?: string }) => {
      const { rotateMasterKey } = await import('@countersign/server/store')
      const file = await fileOf(options)
      await withService({ ...options, masterKeyFile: file }, async service => {
        const { isTTY } = process.stderr
        const { keepOld } = options
        const report = await rotateMasterKey(service.database, file, localActor(), {
          keepOld,
          onProgress: ({ done: count, left }) => {
            if (isTTY) process.stderr.write(`\r${count} sealed anew, ${left} left\u001b[K`)
          },
        })
        if (isTTY) process.stderr.write('\r\u001b[K')
        if (options.json === true) out(`${JSON.stringify(report)}\n`)
        else {
          tell(
            `${report.resumed ? 'Went on where it was broken off. ' : ''}${report.resealed} values are sealed with the new master key ${report.masterKeyId} in ${file}.`,
          )
          tell(oldKeyAdvice(report.oldMasterKeyIds.join(' or '), keepOld))
          if (report.wrapped) tell(VAULT_ADVICE)
        }
      })
      done(EXIT.ok)
    })

  addStoreOptions(masterKey.command('wrap').description('have Vault wrap the master key, so that the file alone opens nothing'))
    .argument('<mount/key>', 'a key of the transit engine: transit/countersign')
    .option('--json', '{"masterKeyId":…}')
    .addHelpText(
      'after',
      `
Vault (or OpenBao) is the one of VAULT_ADDR, VAULT_NAMESPACE and VAULT_CACERT; its token is in VAULT_TOKEN, in the file VAULT_TOKEN_FILE or in ~/.vault-token.
The token's policy has to let it update transit/encrypt/countersign and transit/decrypt/countersign. Servers ask Vault when they start, and when the file
has changed; while Vault is away, those that run go on. After "vault write -f transit/keys/countersign/rotate", run this again.

Before this, start the servers and gateways that run with VAULT_ADDR and a token: without them they can't read the file once it changes again, and after a
rotation they open no secret. Copies of the old file still open the store: remove them, or run "countersign master-key rotate".

Example:
  $ vault write -f transit/keys/countersign
  $ countersign master-key wrap transit/countersign --store countersign.db`,
    )
    .action(async (key: string, options: StoreOptions & { json?: boolean }) => {
      const { readTransitKey, wrapMasterKeys } = await import('@countersign/server/store')
      const transit = readTransitKey(key)
      if (transit === undefined)
        throw new UsageError('transit-key-malformed', 'Name where the transit engine is mounted and its key: transit/countersign.')
      const file = await fileOf(options)
      const { masterKeyId } = await wrapMasterKeys(file, transit)
      if (options.json === true) out(`${JSON.stringify({ masterKeyId })}\n`)
      else {
        tell(`The master key ${masterKeyId} in ${file} is wrapped by ${key}. Copies of the old file still open the store: remove them.`)
        tell(VAULT_ADVICE)
      }
      done(EXIT.ok)
    })

  addStoreOptions(masterKey.command('unwrap').description('write the master key as it is again, in the place of what Vault wrapped'))
    .option('--json', '{"masterKeyId":…,"changed":…}')
    .addHelpText(
      'after',
      `
Example:
  $ countersign master-key unwrap --store countersign.db`,
    )
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const { unwrapMasterKeys } = await import('@countersign/server/store')
      const file = await fileOf(options)
      const { masterKeyId, changed } = await unwrapMasterKeys(file)
      if (options.json === true) out(`${JSON.stringify({ masterKeyId, changed })}\n`)
      else if (!changed) tell(`The master key ${masterKeyId} in ${file} isn't wrapped: there was nothing to do.`)
      else tell(`The master key ${masterKeyId} stands in ${file} as it is: whoever has that file opens the store.`)
      done(EXIT.ok)
    })
}

const VAULT_ADVICE = 'Servers and gateways that were started without VAULT_ADDR and a token have to be started anew with them.'

/** @param kept where the old key is now */
function oldKeyAdvice(id: string, kept: string | undefined): string {
  const where = kept === undefined ? 'no longer in the file: keep the copy that you have of it' : `in ${kept} now: keep it`
  return `Backups made before this open with the old master key ${id} alone. It is ${where}, apart from the backups, as long as you keep those.`
}

async function fileOf(options: StoreOptions): Promise<string> {
  const { masterKeyFileFor } = await import('@countersign/server/store')
  const file = masterKeyFileFor(await readStoreLocation(options))
  if (file === undefined)
    throw new UsageError(
      'master-key-file-missing',
      'Say where the master key is: --master-key-file, or masterKeyFile in the settings of --config.',
    )
  return file
}
