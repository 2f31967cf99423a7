import type { AdministratorView, KeyService, Role } from '@countersign/server/store'
import { type Command, Option } from 'commander'
import { localActor } from '../keys/local-actor.ts'
import { checkSecretOut } from '../keys/show-key.ts'
import { addStoreOptions, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { writeNewSecretFile } from '../process/files.ts'
import { out, tell } from '../process/streams.ts'
import { table } from '../text/table.ts'

const ROLES: readonly Role[] = ['operator', 'admin', 'auditor']

export function defineAdmins(admins: Command, done: Done): void {
  addStoreOptions(admins.command('list').description('list administrators'))
    .option('--json', 'as JSON')
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const list = await withService(options, ({ administrators }) => administrators.list(undefined))
      if (options.json === true) out(`${JSON.stringify(list)}\n`)
      else if (list.length === 0) tell('No administrators yet. Make one with: countersign admins create NAME --role operator')
      else out(table(['ID', 'NAME', 'ROLE', 'ORGANISATION', 'STATE'], list.map(rowOf)))
      done(EXIT.ok)
    })

  addStoreOptions(admins.command('create').description('make an administrator; the token is shown this once').argument('<name>'))
    .addOption(new Option('--role <role>', 'operator: all organisations; admin: one; auditor: reads only').choices(ROLES).default('admin'))
    .option('--organisation <id>', 'which; needed for an admin, where there are several')
    .option('--token-out <path>', 'write the token into a new file that only you can read, instead of showing it')
    .option('--json', '{"administrator":…,"token":…}')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign admins create Alice --role operator      # when the first token was lost\n  $ countersign admins create Audrey --role auditor --token-out audrey.token',
    )
    .action(async (name: string, options: StoreOptions & { role: Role; organisation?: string; tokenOut?: string; json?: boolean }) => {
      if (options.tokenOut !== undefined) checkSecretOut(options.tokenOut)
      let remove: (() => void) | undefined
      const keep = (made: string): void => {
        if (options.tokenOut !== undefined) remove = writeNewSecretFile(options.tokenOut, made)
      }
      const { administrator, token } = await withService(
        options,
        async ({ administrators }) => {
          const organisationId =
            options.role === 'operator' ? undefined : (options.organisation ?? (await onlyOrganisation(administrators, options.role)))
          return await administrators.create(localActor(), { name, role: options.role, organisationId }, keep)
        },
        { mayMake: true },
      ).catch((error: unknown) => {
        remove?.()
        throw error
      })
      if (options.tokenOut !== undefined) tell(`the token is in ${options.tokenOut}`)
      if (options.json === true) out(`${JSON.stringify({ administrator, token: options.tokenOut === undefined ? token : null })}\n`)
      else {
        out(`id     ${administrator.id}\n`)
        if (options.tokenOut === undefined) out(`token  ${token}\n`)
      }
      done(EXIT.ok)
    })

  addStoreOptions(admins.command('disable').description('end an administrator’s token and sessions').argument('<id>')).action(
    async (id: string, options: StoreOptions) => {
      await withService(options, ({ administrators }) => administrators.disable(localActor(), undefined, id))
      tell(`disabled ${id}`)
      done(EXIT.ok)
    },
  )
}

async function onlyOrganisation(administrators: KeyService['administrators'], role: Role): Promise<string | undefined> {
  const [only, ...others] = await administrators.organisations(undefined)
  if (only !== undefined && others.length === 0) return only.id
  if (role === 'auditor') return undefined
  throw new UsageError('organisation-missing', 'An admin belongs to one organisation: say which with --organisation.')
}

function rowOf({ id, name, role, organisationId, disabled }: AdministratorView): readonly string[] {
  return [id, name, role, organisationId ?? 'all', disabled ? 'disabled' : 'active']
}
