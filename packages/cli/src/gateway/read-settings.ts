import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayConfig } from '@countersign/server'
import { isSchemeFile } from '@countersign/server/scheme-files'
import { readPort } from '../options/numbers.ts'
import type { SettingsFile } from '../options/settings-file.ts'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { schemeNameOf } from '../signing/find-scheme.ts'

/** The flags of `countersign gateway` that are settings, and the file of the others. */
export interface SettingsOptions {
  readonly upstream?: string
  readonly origin?: readonly string[]
  readonly config?: SettingsFile
  readonly host?: string
  readonly port?: string
  readonly adminPort?: string
  readonly adminHost?: string
  readonly store?: string
  readonly masterKeyFile?: string
  readonly redis?: string
  readonly scheme?: readonly string[]
  readonly key?: string
  readonly keepSignature?: boolean
}

/** A file that is being written may be half there: settings without their routes let every key in. */
const SETTLED_MS = 200

/** For a gateway that runs. @throws UsageError `config-unsettled`; what {@link readConfig} throws */
export async function readConfigAgain(options: SettingsOptions): Promise<GatewayConfig> {
  const path = options.config?.path
  if (path !== undefined) {
    const text = readTextFile(path, 'configuration')
    await sleep(SETTLED_MS)
    if (text.trim() === '' || readTextFile(path, 'configuration') !== text)
      throw new UsageError('config-unsettled', `${path} is empty, or is being written: send SIGHUP again once it is whole.`)
  }
  return await readConfig(options)
}

/** @throws ServerError what is wrong with them, and where */
export async function readConfig(options: SettingsOptions): Promise<GatewayConfig> {
  const { readGatewayConfig } = await import('@countersign/server')
  const { config: file, origin, scheme, key } = options
  const [only, ...others] = origin ?? []
  const before = {
    upstream: options.upstream,
    origin: only === undefined ? undefined : others.length === 0 ? only : origin,
    host: options.host,
    port: options.port === undefined ? undefined : readPort(options.port),
    adminPort: options.adminPort === undefined ? undefined : readPort(options.adminPort, '--admin-port'),
    adminHost: options.adminHost,
    store: options.store,
    masterKeyFile: options.masterKeyFile,
    redis: options.redis,
    keepSignature: options.keepSignature,
    ...routeBy(scheme, key),
  }
  if (file === undefined) {
    if (options.upstream === undefined)
      throw new UsageError('upstream-missing', 'Say where verified requests go: --upstream http://127.0.0.1:8080, or --config.')
    if (only === undefined)
      throw new UsageError('origin-missing', 'Say under which origin clients know the API: --origin https://api.example.com.')
  }
  return file === undefined
    ? readGatewayConfig('{}', 'flags', before)
    : readGatewayConfig(readTextFile(file.path, 'configuration'), file.path, before, file.flags)
}

/** Everything by the schemes of the command line. */
function routeBy(given: readonly string[] | undefined, key: string | undefined) {
  if (given === undefined && key !== undefined)
    throw new UsageError('scheme-missing', 'Say by which scheme those calls are: --key goes with --scheme.')
  if (given === undefined) return {}
  const schemes = given.filter(isSchemeFile)
  return {
    routes: [{ path: '/', schemes: given.map(schemeNameOf), key }],
    schemes: schemes.length === 0 ? undefined : schemes,
  }
}
