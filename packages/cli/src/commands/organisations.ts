import type { Ceilings, OrganisationView } from '@countersign/server/store'
import type { Command } from 'commander'
import { createAdminCall } from '../keys/admin-api.ts'
import { withoutUndefined } from '../keys/key-options.ts'
import { localActor } from '../keys/local-actor.ts'
import { addServerOptions, readToken, type ServerOptions, withService } from '../keys/store-options.ts'
import { readNumber } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { table } from '../text/table.ts'

const MOST = 1_000_000

interface OrganisationOptions extends ServerOptions {
  readonly json?: boolean
}

interface CeilingOptions extends OrganisationOptions {
  readonly permission?: readonly string[]
  readonly scheme?: readonly string[]
  readonly address?: readonly string[]
  readonly maxKeys?: string
  readonly maxAdministrators?: string
  readonly lift?: boolean
}

/** The organisations of a store itself, or by a server's admin API. */
interface Organisations {
  list(): Promise<readonly OrganisationView[]>
  create(name: string): Promise<OrganisationView>
  setCeilings(id: string, ceilings: Ceilings): Promise<{ readonly ceilings: Ceilings; readonly exceeding: readonly string[] }>
}

export function defineOrganisations(organisations: Command, done: Done): void {
  addServerOptions(organisations.command('list').description('list organisations and their ceilings'))
    .option('--json', 'as JSON')
    .action(async (options: OrganisationOptions) => {
      const list = await withOrganisations(options, all => all.list())
      const rows = list.map(({ id, name, kind, ceilings }) => [id, name, kind, textOf(ceilings)])
      out(options.json === true ? `${JSON.stringify(list)}\n` : table(['ID', 'NAME', 'KIND', 'CEILINGS'], rows))
      done(EXIT.ok)
    })

  addServerOptions(organisations.command('create').description('make an organisation, and print its id').argument('<name>'))
    .option('--json', 'as JSON')
    .action(async (name: string, options: OrganisationOptions) => {
      const made = await withOrganisations(options, all => all.create(name))
      out(options.json === true ? `${JSON.stringify(made)}\n` : `${made.id}\n`)
      done(EXIT.ok)
    })

  addServerOptions(
    organisations
      .command('ceilings')
      .description('set what its keys and administrators may be at most, whoever makes them')
      .argument('<id>'),
  )
    .optionsGroup('The ceilings:')
    .option('--permission <name>', 'its keys have none but these (repeatable)', repeated)
    .option('--scheme <name>', 'its keys are for these (repeatable)', repeated)
    .option('--address <cidr>', 'each of its keys is bound to addresses within these (repeatable)', repeated)
    .option('--max-keys <count>', 'how many keys it has, those that are revoked aside')
    .option('--max-administrators <count>', 'how many administrators it has whose tokens are good')
    .option('--lift', 'no ceilings any more')
    .option('--json', '{"ceilings":…,"exceeding":[…]}')
    .addHelpText(
      'after',
      `
They take the place of the ones before: what is not named has no ceiling. Keys that are above one already stay as they are, and are named.

Examples:
  $ countersign organisations ceilings default --permission balance --address 203.0.113.0/24 --max-keys 10 --max-administrators 3
  $ countersign organisations ceilings default --lift`,
    )
    .action(async (id: string, options: CeilingOptions) => {
      const ceilings = ceilingsOf(options)
      const set = await withOrganisations(options, all => all.setCeilings(id, ceilings))
      out(`${options.json === true ? JSON.stringify(set) : textOf(set.ceilings)}\n`)
      if (set.exceeding.length > 0) tell(`above a ceiling already, and left as they are: ${set.exceeding.join(', ')}`)
      done(EXIT.ok)
    })
}

function ceilingsOf({ permission, scheme, address, maxKeys, maxAdministrators, lift }: CeilingOptions): Ceilings {
  const ceilings: Ceilings = withoutUndefined({
    permissions: permission === undefined ? undefined : [...permission],
    schemes: scheme === undefined ? undefined : [...scheme],
    addresses: address === undefined ? undefined : [...address],
    maxKeys: maxKeys === undefined ? undefined : readNumber(maxKeys, '--max-keys', 0, MOST),
    maxAdministrators: maxAdministrators === undefined ? undefined : readNumber(maxAdministrators, '--max-administrators', 0, MOST),
  })
  const isEmpty = Object.keys(ceilings).length === 0
  if (isEmpty !== (lift === true))
    throw new UsageError('option-invalid', 'Name at least one ceiling, such as --max-keys 10; or give --lift alone for none.')
  return ceilings
}

function textOf(ceilings: Ceilings): string {
  const parts = Object.entries(ceilings).map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`)
  return parts.length === 0 ? 'none' : parts.join(' ')
}

async function withOrganisations<T>(options: ServerOptions, work: (all: Organisations) => Promise<T>): Promise<T> {
  if (options.server !== undefined) {
    const { call } = createAdminCall(options.server, readToken(options))
    return await work({
      list: () => call('GET', '/organisations', {}),
      create: name => call('POST', '/organisations', {}, { name }),
      setCeilings: (id, ceilings) => call('PUT', `/organisations/${encodeURIComponent(id)}/ceilings`, {}, ceilings),
    })
  }
  return await withService(options, ({ administrators }) =>
    work({
      list: () => administrators.organisations(undefined),
      create: name => administrators.createOrganisation(localActor(), { name, kind: 'organisation' }),
      setCeilings: (id, ceilings) => administrators.setCeilings(localActor(), id, ceilings),
    }),
  )
}
