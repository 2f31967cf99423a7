import type { StoreConfig } from '@countersign/server'
import { isSchemeFile } from '@countersign/server/scheme-files'
import type { KeyService } from '@countersign/server/store'
import { type Command, Option } from 'commander'
import { type SettingsFile, settingsFileOf } from '../options/settings-file.ts'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { tell } from '../process/streams.ts'
import type { KeyManager } from './key-manager.ts'

export interface StoreOptions {
  readonly store?: string | undefined
  readonly masterKeyFile?: string | undefined
  readonly config?: SettingsFile | undefined
}

export interface ServerOptions extends StoreOptions {
  readonly server?: string
  readonly tokenFile?: string
}

export interface ManagerOptions extends ServerOptions {
  readonly organisation?: string
  /** Of the key that is worked on: the path of a declaration makes that scheme known. */
  readonly scheme?: string
}

/** Where keys are kept unless it is said otherwise. */
export const DEFAULT_STORE = 'countersign.db'
const TOKEN_VARIABLE = 'COUNTERSIGN_ADMIN_TOKEN'

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
    .option(
      '--config <file>',
      'settings, a gateway’s too: their store, masterKeyFile, schemes and permissions; flags go before',
      settingsFileOf(command),
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
  return addServerOptions(command).option('--organisation <id>', 'where there are several')
}

/** For the commands that put the first thing into a store. To all others, a store that isn't there is a wrong path. */
export interface StoreAccess {
  readonly mayMake?: boolean
  /** What --config says, where it was read already. */
  readonly settings?: Partial<StoreConfig>
}

/** Opens a store, and closes it again. @throws ServerError `store-missing` */
export async function withService<T>(
  options: StoreOptions,
  work: (service: KeyService) => Promise<T>,
  { mayMake = false }: StoreAccess = {},
): Promise<T> {
  // Loaded here, so that the other commands start without a database.
  const { openKeyService } = await import('@countersign/server/store')
  const service = await openKeyService({ ...(await readStoreSettings(options)), mustExist: !mayMake })
  try {
    return await work(service)
  } finally {
    await service.close()
  }
}

async function openManager(options: ManagerOptions, { mayMake = false, settings: read }: StoreAccess): Promise<KeyManager> {
  const { server, organisation, scheme } = options
  if (server !== undefined) {
    const token = readToken(options)
    const { openServerManager } = await import('./server-manager.ts')
    return openServerManager(server, token, organisation)
  }
  // Loaded here, so that the other commands start without a database.
  const { openStoreManager } = await import('./store-manager.ts')
  const settings = await readStoreSettings(options, scheme !== undefined && isSchemeFile(scheme) ? [scheme] : [], read)
  return await openStoreManager({ ...settings, mustExist: !mayMake }, organisation)
}

/** What --config says; nothing without one. */
export async function readSettings({ config }: StoreOptions): Promise<Partial<StoreConfig>> {
  if (config === undefined) return {}
  // Loaded here: without a file of settings, nothing has to read YAML.
  const { readStoreConfig } = await import('@countersign/server')
  return readStoreConfig(readTextFile(config.path, 'configuration'), config.path, {}, config.flags)
}

/** Where a store is: the flags, and what --config says where they don't. */
export async function readStoreLocation(options: StoreOptions, settings?: Partial<StoreConfig>) {
  const { store, masterKeyFile } = settings ?? (await readSettings(options))
  return { store: options.store ?? store ?? DEFAULT_STORE, masterKeyFile: options.masterKeyFile ?? masterKeyFile }
}

/**
 * What a store is opened with: as {@link readStoreLocation}, and what keys can be there.
 *
 * @param files declarations of more schemes
 * @param warn told of what a declaration leaves unsigned
 */
export async function readStoreSettings(
  options: StoreOptions,
  files: readonly string[] = [],
  read?: Partial<StoreConfig>,
  warn: (warning: string) => void = warning => tell(`warning: ${warning}`),
) {
  const { withSchemeFiles } = await import('@countersign/server/store')
  const settings = read ?? (await readSettings(options))
  return {
    ...(await readStoreLocation(options, settings)),
    permissions: settings.permissions,
    usedSchemes: settings.schemesOfRoutes,
    schemes: withSchemeFiles([...(settings.schemes ?? []), ...files], warn),
  }
}

/** Opens what the options say, and closes it again. @throws ServerError `store-missing` */
export async function withManager<T>(
  options: ManagerOptions,
  work: (manager: KeyManager) => Promise<T>,
  access: StoreAccess = {},
): Promise<T> {
  const manager = await openManager(options, access)
  if (manager.madeMasterKeyFile !== undefined) tell(masterKeyAdvice(manager.madeMasterKeyFile))
  try {
    return await work(manager)
  } finally {
    await manager.close()
  }
}

export function masterKeyAdvice(file: string): string {
  return `The master key is in ${file} (mode 0600): without it no secret can be opened, so keep a copy elsewhere.`
}

/** The token for `--server`. @throws UsageError `token-missing` */
export function readToken({ tokenFile }: ServerOptions): string {
  const token = tokenFile === undefined ? process.env[TOKEN_VARIABLE] : readTextFile(tokenFile, 'token file')
  if (token === undefined || token.trim() === '')
    throw new UsageError('token-missing', `--server wants an administrator’s token: --token-file, or ${TOKEN_VARIABLE}.`)
  return token.trim()
}
