import { resolve } from 'node:path'
import type { Command } from 'commander'
import { createSigner } from 'countersign'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { addCredentialOptions, type CredentialOptions, resolveCredentials } from '../signing/credentials.ts'
import { schemeReference } from '../signing/find-scheme.ts'
import {
  checkProfilesFolder,
  isProfileThere,
  listProfiles,
  profilesFolder,
  readProfile,
  removeProfile,
  saveProfile,
} from '../signing/profiles.ts'

export function defineProfiles(profiles: Command, done: Done): void {
  profiles
    .command('list')
    .description('list them, without their secrets')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => {
      const rows = listProfiles().map(name => ({ name, scheme: readProfile(name).scheme, apiKey: readProfile(name).apiKey ?? '' }))
      if (options.json === true) out(`${JSON.stringify(rows)}\n`)
      else if (rows.length === 0) tell(`no profiles yet in ${profilesFolder()}; make one with: countersign profiles add NAME --api-key KEY`)
      else for (const { name, scheme, apiKey } of rows) out(`${name}\t${scheme}\t${apiKey}\n`)
      done(EXIT.ok)
    })

  const add = profiles.command('add').description('save credentials; asks for the secret when none is given').argument('<name>')
  addCredentialOptions(add)
    .option('--force', 'replace a profile that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign profiles add prod --api-key 9OgjbzwhoE4LJA\n  $ countersign profiles add partner --scheme qredo-partner --api-key KEY --private-key-file private.pem',
    )
    .action(async (name: string, options: CredentialOptions & { force?: boolean }) => {
      checkProfilesFolder()
      if (options.force !== true && isProfileThere(name))
        throw new UsageError('already-there', `There is a profile ${name} already: give another name, or --force to replace it.`)
      const { scheme, schemeName, credentials } = await resolveCredentials(options)
      createSigner(scheme, credentials)
      const file = saveProfile(name, {
        scheme: schemeReference(schemeName),
        ...(credentials.keyId === undefined ? {} : { apiKey: credentials.keyId }),
        ...(typeof credentials.secret === 'string' ? { secret: credentials.secret } : {}),
        ...(credentials.passphrase === undefined ? {} : { passphrase: credentials.passphrase }),
        ...(options.privateKeyFile === undefined ? {} : { privateKeyFile: resolve(options.privateKeyFile) }),
      })
      tell(`saved to ${file}; use it with --profile ${name}`)
      done(EXIT.ok)
    })

  profiles
    .command('remove')
    .description('delete one')
    .argument('<name>')
    .action((name: string) => {
      removeProfile(name)
      tell(`removed ${name}`)
      done(EXIT.ok)
    })
}
