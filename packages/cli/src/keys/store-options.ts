import type { StoreConfig } from '@countersign/server'
import { isSchemeFile } from '@countersign/server/scheme-files'
import type { KeyService } from '@countersign/server/store'
import { type Command, Option } from 'commander'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { tell } from '../process/streams.ts'
import type { KeyManager } from './key-manager.ts'

export interface StoreOptions {
  readonly store?: string | undefined
  readonly masterKeyFile?: string | undefined
}

export interface ServerOptions extends StoreOptions {
  readonly server?: string
  readonly tokenFile?: string
}

export interface ManagerOptions extends ServerOptions {
  readonly organisation?: string
  readonly config?: string
  /** Of the key that is worked on: the path of a declaration makes that scheme known. */
  readonly scheme?: string
}

/** Where keys are kept unless it is said otherwise. */
export const DEFAULT_STORE = 'countersign.db'
const TOKEN_VARIABLE = 'COUNTERSIGN_ADMIN_TOKEN'
const CLIENT_SECRET_VARIABLE = 'COUNTERSIGN_OIDC_CLIENT_SECRET'

/** Where keys are kept. */
export function addStoreOptions(command: Command): Command {
  return command
    .optionsGroup('The key store:')
    .addOption(
      new Option('--store <file|url>', 'an SQLite file, or postgres://…').env('COUNTERSIGN_STORE').default(undefined, DEFAULT_STORE),
    )
    .option(
      '--master-key-file <path>',
      'what opens its secrets (default: the SQLite file’s name and .master-key; or COUNTERSIGN_MASTER_KEY)',
    )
}

/** The settings of a gateway or server, of which a store takes its own. */
export function addConfigOption(command: Command): Command {
  return command.option(
    '--config <file>',
    'settings, a gateway’s too: their store, masterKeyFile, schemes and permissions; flags go before',
  )
}

/** The store itself, or a server in front of it. */
export function addServerOptions(command: Command): Command {
  return addStoreOptions(command)
    .addOption(new Option('--server <url>', 'work through a server’s admin API instead').env('COUNTERSIGN_SERVER'))
    .option('--token-file <path>', `the administrator’s token for --server (or ${TOKEN_VARIABLE})`)
}

/** As {@link addServerOptions}, about the keys of an organisation. */
export function addManagerOptions(command: Command): Command {
  return addConfigOption(addServerOptions(command)).option('--organisation <id>', 'where there are several')
}

/** For the commands that put the first thing into a store. To all others, a store that isn't there is a wrong path. */
export interface StoreAccess {
  readonly mayMake?: boolean
}

/** Opens a store, and closes it again. @throws ServerError `store-missing` */
export async function withService<T>(
  { store = DEFAULT_STORE, masterKeyFile }: StoreOptions,
  work: (service: KeyService) => Promise<T>,
  { mayMake = false }: StoreAccess = {},
): Promise<T> {
  // Loaded here, so that the other commands start without a database.
  const { openKeyService } = await import('@countersign/server/store')
  const service = await openKeyService({ store, masterKeyFile, mustExist: !mayMake })
  try {
    return await work(service)
  } finally {
    await service.close()
  }
}

async function openManager(options: ManagerOptions, { mayMake = false }: StoreAccess): Promise<KeyManager> {
  const { server, organisation, scheme } = options
  if (server !== undefined) {
    const token = readToken(options)
    const { openServerManager } = await import('./server-manager.ts')
    return openServerManager(server, token, organisation)
  }
  // Loaded here, so that the other commands start without a database.
  const { openStoreManager } = await import('./store-manager.ts')
  const settings = await readStoreSettings(options, scheme !== undefined && isSchemeFile(scheme) ? [scheme] : [])
  return await openStoreManager({ ...settings, mustExist: !mayMake }, organisation)
}

/**
 * What a store is opened with: the flags, and what --config says where they don't.
 *
 * @param files declarations of more schemes
 */
export async function readStoreSettings(
  { config, store, masterKeyFile }: StoreOptions & { readonly config?: string },
  files: readonly string[],
) {
  const { withSchemeFiles } = await import('@countersign/server/store')
  // Loaded here: without a file of settings, nothing has to read YAML.
  const said: Partial<StoreConfig> =
    config === undefined ? {} : (await import('@countersign/server')).readStoreConfig(readTextFile(config, 'configuration'), config)
  return {
    ...(said.oidc === undefined ? {} : { oidc: { settings: said.oidc, clientSecret: readClientSecret(said.oidc) } }),
    store: store ?? said.store ?? DEFAULT_STORE,
    masterKeyFile: masterKeyFile ?? said.masterKeyFile,
    permissions: said.permissions,
    usedSchemes: said.schemesOfRoutes,
    schemes: withSchemeFiles([...(said.schemes ?? []), ...files], warning => tell(`warning: ${warning}`)),
  }
}

/** The secret of a client without one is not read: the provider knows it by PKCE alone. */
function readClientSecret({ clientSecretFile }: NonNullable<StoreConfig['oidc']>): string | undefined {
  const secret = clientSecretFile === undefined ? process.env[CLIENT_SECRET_VARIABLE] : readTextFile(clientSecretFile, 'client secret')
  return secret === undefined || secret.trim() === '' ? undefined : secret.trim()
}

/** Opens what the options say, and closes it again. @throws ServerError `store-missing` */
export async function withManager<T>(
  options: ManagerOptions,
  work: (manager: KeyManager) => Promise<T>,
  access: StoreAccess = {},
): Promise<T> {
  const manager = await openManager(options, access)
  if (manager.madeMasterKeyFile !== undefined) tellMasterKey(manager.madeMasterKeyFile)
  try {
    return await work(manager)
  } finally {
    await manager.close()
  }
}

export function tellMasterKey(file: string): void {
  tell(`The master key is in ${file} (mode 0600): without it no secret can be opened, so keep a copy elsewhere.`)
}

/** The token for `--server`. @throws UsageError `token-missing` */
export function readToken({ tokenFile }: ServerOptions): string {
  const token = tokenFile === undefined ? process.env[TOKEN_VARIABLE] : readTextFile(tokenFile, 'token file')
  if (token === undefined || token.trim() === '')
    throw new UsageError('token-missing', `--server wants an administrator’s token: --token-file, or ${TOKEN_VARIABLE}.`)
  return token.trim()
}
