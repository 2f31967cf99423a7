import type { StoreConfig } from '@countersign/server'
import type { Command } from 'commander'
import { addStoreOptions, masterKeyAdvice, readSettings, readStoreSettings, type StoreOptions } from '../keys/store-options.ts'
import { readPort } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { logMistake } from '../process/report.ts'
import { jsonLog, textLog } from '../process/server-log.ts'
import { startOn } from '../process/start-on.ts'
import { out, outWritten } from '../process/streams.ts'
import { stopSignal, unlessStopped } from '../process/until-stopped.ts'

interface ServerOptions extends StoreOptions {
  readonly port: string
  readonly host: string
  readonly adminPort?: string
  readonly adminHost?: string
  readonly json?: boolean
  readonly scheme?: readonly string[]
}

const DEFAULT_PORT = '4580'
const CLIENT_SECRET_VARIABLE = 'COUNTERSIGN_OIDC_CLIENT_SECRET'

export function defineServer(command: Command, done: Done): void {
  command
    .optionsGroup('Where:')
    .option('--port <port>', 'port to listen on, 0 for any', DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--admin-port <port>', 'where /metrics, /health and /ready are (default: nowhere)')
    .option('--admin-host <address>', 'the address of that port (default: 127.0.0.1)')
  addStoreOptions(command)
    .optionsGroup('What keys can be:')
    .option('-s, --scheme <path>', 'a scheme of your own, by its declaration, beside those that are shipped (repeatable)', repeated)
    .optionsGroup('Output:')
    .option('--json', 'print where it listens, and the first start’s token, as one line of JSON; all on standard error are JSON lines then')
    .addHelpText(
      'after',
      `
The first start makes an organisation, an operator, whose token it prints this once, and for an SQLite file a master key file beside it.

Examples:
  $ countersign server
  $ countersign server --scheme ./mine.json
  $ countersign server --config countersign.yaml --admin-port 9091
  $ COUNTERSIGN_MASTER_KEY=… countersign server --store postgres://user@db.internal/keys --host 0.0.0.0`,
    )
    .action(async (options: ServerOptions) => {
      try {
        done(await run(options))
      } catch (error) {
        if (options.json !== true) throw error
        // Whoever reads where it listens reads the log as lines of JSON too.
        done(logMistake(error))
      }
    })
}

async function run(options: ServerOptions): Promise<number> {
  const { host } = options
  const port = readPort(options.port)
  // Loaded here, so that the other commands start without a database and a server.
  const [{ besideStoreAdvice, missingAdministrators, startServer }, { consoleDirectory }] = await Promise.all([
    import('@countersign/server'),
    import('@countersign/ui'),
  ])
  const log = options.json === true ? await jsonLog() : textLog(process.stderr.isTTY)
  let isTokenShown = false
  const settings = await readSettings(options)
  const store = await readStoreSettings(options, options.scheme ?? [], settings, log.warn)
  const oidc = settings.oidc === undefined ? undefined : { settings: settings.oidc, clientSecret: readClientSecret(settings.oidc) }
  // From now on: whoever has read the first token may stop the server at once, and the token counts all the same.
  const stop = stopSignal()
  const start = () =>
    startServer({
      ...store,
      oidc,
      host,
      port,
      adminPort: options.adminPort === undefined ? undefined : readPort(options.adminPort, '--admin-port'),
      adminHost: options.adminHost,
      consoleDirectory,
      showFirstToken: async (token, origin, adminOrigin) => {
        isTokenShown = true
        await outWritten(
          options.json === true
            ? `${JSON.stringify({ origin, adminOrigin, token })}\n`
            : `The operator's token, shown this once:\n\n  ${token}\n\n`,
        )
      },
      waiting: { signal: stop.signal, onAway: error => log.info(`waiting: ${error.message}`) },
      onStoreReached: () => log.info('The key store answers again.'),
      onError: log.error,
    })
  const server = await unlessStopped(stop, () => startOn(port, start))
  if (server === undefined) return EXIT.ok
  const { origin, adminOrigin, service } = server
  if (service.madeMasterKeyFile !== undefined) log.warn(masterKeyAdvice(service.madeMasterKeyFile))
  if (service.masterKeyBesideStore !== undefined) log.warn(besideStoreAdvice(service.masterKeyBesideStore))
  if (oidc !== undefined)
    for (const id of await missingAdministrators(service.administrators, oidc.settings))
      log.warn(`oidc.people names the administrator ${id}, and there is none: countersign admins list. Whoever that is can't sign in.`)
  const metrics = adminOrigin === undefined ? '' : ` Metrics are at ${adminOrigin}/metrics.`
  if (options.json !== true)
    out(`The key server listens on ${origin}: console at ${origin}/console/, API described at ${origin}/docs.${metrics} Ctrl+C stops it.\n`)
  else if (!isTokenShown) out(`${JSON.stringify({ origin, adminOrigin })}\n`)
  await stop.told
  await server.close()
  return EXIT.ok
}

/** The secret of a client without one is not read: the provider knows it by PKCE alone. */
function readClientSecret({ clientSecretFile }: NonNullable<StoreConfig['oidc']>): string | undefined {
  const secret = clientSecretFile === undefined ? process.env[CLIENT_SECRET_VARIABLE] : readTextFile(clientSecretFile, 'client secret')
  return secret === undefined || secret.trim() === '' ? undefined : secret.trim()
}
