import type { AdministratorView, KeyService, Role } from '@countersign/server/store'
import { type Command, Option } from 'commander'
import { createAdminCall } from '../keys/admin-api.ts'
import { momentOf } from '../keys/key-options.ts'
import { localActor } from '../keys/local-actor.ts'
import { checkSecretOut } from '../keys/show-key.ts'
import { addStoreOptions, readToken, type StoreOptions, withService } from '../keys/store-options.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { replaceSecretFile, writeNewSecretFile } from '../process/files.ts'
import { out, tell } from '../process/streams.ts'
import { minuteOf } from '../text/minute.ts'
import { table } from '../text/table.ts'

interface CreateOptions extends StoreOptions {
  readonly role: Role
  readonly organisation?: string
  readonly expires?: string
  readonly tokenOut?: string
  readonly json?: boolean
}

const ROLES: readonly Role[] = ['operator', 'admin', 'auditor']

export function defineAdmins(admins: Command, done: Done): void {
  addStoreOptions(admins.command('list').description('list administrators'))
    .option('--json', 'as JSON')
    .action(async (options: StoreOptions & { json?: boolean }) => {
      const list = await withService(options, ({ administrators }) => administrators.list(undefined))
      if (options.json === true) out(`${JSON.stringify(list)}\n`)
      else if (list.length === 0) tell('No administrators yet. Make one with: countersign admins create NAME --role operator')
      else out(table(['ID', 'NAME', 'ROLE', 'ORGANISATION', 'STATE', 'EXPIRES'], list.map(rowOf)))
      done(EXIT.ok)
    })

  addStoreOptions(admins.command('create').description('make an administrator; the token is shown this once').argument('<name>'))
    .addOption(new Option('--role <role>', 'operator: all organisations; admin: one; auditor: reads only').choices(ROLES).default('admin'))
    .option('--organisation <id>', 'which; needed for an admin, where there are several')
    .option('--expires <moment>', 'when the token ends: a date or time in ISO 8601, or never (default: in 90 days)')
    .option('--token-out <path>', 'write the token into a new file that only you can read, instead of showing it')
    .option('--json', '{"administrator":…,"token":…}')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign admins create Alice --role operator      # when the first token was lost\n  $ countersign admins create Audrey --role auditor --token-out audrey.token',
    )
    .action(async (name: string, options: CreateOptions) => {
      if (options.tokenOut !== undefined) checkSecretOut(options.tokenOut)
      const { expires } = options
      const expiresAtMs = expires === undefined ? undefined : expires === 'never' ? null : Date.parse(momentOf(expires))
      let remove: (() => void) | undefined
      const keep = (made: string): void => {
        if (options.tokenOut !== undefined) remove = writeNewSecretFile(options.tokenOut, made)
      }
      const { administrator, token } = await withService(
        options,
        async ({ administrators }) => {
          const organisationId =
            options.role === 'operator' ? undefined : (options.organisation ?? (await onlyOrganisation(administrators, options.role)))
          return await administrators.create(localActor(), undefined, { name, role: options.role, organisationId, expiresAtMs }, keep)
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
        tell(`The token ends ${administrator.expiresAt ?? 'never'}; its holder renews it with: countersign admins renew`)
      }
      done(EXIT.ok)
    })

  admins
    .command('renew')
    .description('renew your own token at a server, in its file; the old one stays good for an hour at most')
    .requiredOption('--server <url>', 'whose admin API it is for')
    .requiredOption('--token-file <path>', 'has your token, and gets the new one')
    .addHelpText('after', '\nExample:\n  $ countersign admins renew --server https://keys.example.com --token-file alice.token')
    .action(async ({ server, tokenFile }: { server: string; tokenFile: string }) => {
      const { withFileLock } = await import('@countersign/server/files')
      // Of two at once, the second renews what the first got.
      const renewed = await withFileLock(tokenFile, () => renew(server, tokenFile), WAIT_MS)
      tell(`The new token is in ${tokenFile}. It ends ${renewed.administrator.expiresAt ?? 'never'}.`)
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

/** How long another renewal of the same file is waited for. */
const WAIT_MS = 60_000

async function renew(server: string, tokenFile: string) {
  const { call } = createAdminCall(server, readToken({ store: '', tokenFile }))
  const renewed = await call<{ readonly administrator: AdministratorView; readonly token: string }>('POST', '/session/token', {})
  replaceSecretFile(tokenFile, renewed.token)
  return renewed
}

async function onlyOrganisation(administrators: KeyService['administrators'], role: Role): Promise<string | undefined> {
  const [only, ...others] = await administrators.organisations(undefined)
  if (only !== undefined && others.length === 0) return only.id
  if (role === 'auditor') return undefined
  throw new UsageError('organisation-missing', 'An admin belongs to one organisation: say which with --organisation.')
}

function rowOf({ id, name, role, organisationId, disabled, expiresAt }: AdministratorView): readonly string[] {
  return [id, name, role, organisationId ?? 'all', disabled ? 'disabled' : 'active', minuteOf(expiresAt)]
}
