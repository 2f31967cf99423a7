import cluster from 'node:cluster'
import { type Command, Option } from 'commander'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { runOneProcess } from '../gateway/one-process.ts'
import { readConfig, readConfigAgain, type SettingsOptions } from '../gateway/read-settings.ts'
import { settingsFromFirst, type WorkerSettings } from '../gateway/worker-settings.ts'
import { superviseWorkers } from '../gateway/workers.ts'
import { withService } from '../keys/store-options.ts'
import { readCount } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { settingsFileOf } from '../options/settings-file.ts'
import { goOnWithBrokenOutput } from '../process/broken-output.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { logMistake, logSaid, reportError } from '../process/report.ts'
import { out, tell } from '../process/streams.ts'
import { stopSignal } from '../process/until-stopped.ts'

interface GatewayCommandOptions extends SettingsOptions {
  readonly check?: boolean
  readonly workers?: string
  readonly quiet?: boolean
  readonly json?: boolean
}

const MAX_WORKERS = 256

export function defineGateway(command: Command, done: Done): void {
  command
    .optionsGroup('What:')
    .addOption(new Option('--upstream <url>', 'the API behind it').env('COUNTERSIGN_UPSTREAM'))
    .option('--origin <origin>', 'the public origin, which clients sign (repeatable)', repeated)
    .option(
      '-s, --scheme <name|path>',
      `what is taken: a name, or your own declaration (repeatable; default: ${DEFAULT_SCHEME_NAME})`,
      repeated,
    )
    .option('--key <id>', 'whose calls by a --scheme that names no key are, such as github')
    .option('--keep-signature', 'let the API see the headers and query parameters of the signature')
    .option('--config <file>', 'JSON or YAML with all settings: routes, limits, timeouts; flags go before it', settingsFileOf(command))
    .option('--check', 'look whether it would start: settings, stores, certificates; listens nowhere, and ends with 0 or 2')
    .optionsGroup('Where:')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for any (default: 4590)')
    .option('--admin-port <port>', 'where /metrics, /health and /ready are (default: nowhere)')
    .option('--admin-host <address>', 'the address of that port (default: 127.0.0.1)')
    .option('--workers <n>', 'processes that share the port, to use the cores of a machine (default: 1); needs --redis')
    .optionsGroup('State:')
    .addOption(
      new Option('--store <file|url>', 'the key store: an SQLite file, or postgres://… (default: countersign.db)').env('COUNTERSIGN_STORE'),
    )
    .option('--master-key-file <path>', 'what opens its secrets')
    .addOption(
      new Option(
        '--redis <url>',
        'replay protection and rates across processes: redis://… or redis-sentinel://… (default: in memory, for one process)',
      ).env('COUNTERSIGN_REDIS'),
    )
    .optionsGroup('Output:')
    .option('--quiet', 'log errors only')
    .option('--json', 'print where it listens as one line of JSON; all on standard error are JSON lines then')
    .addHelpText(
      'after',
      `
The API gets x-countersign-key, -organisation, -permissions, -scheme, -fund and -wallet with every request; clients can't send these. Logs are JSON lines on
standard error. SIGTERM and SIGINT let running requests end, for drainMs at most, and close WebSockets. SIGHUP reads settings and certificates again.

Examples:
  $ countersign gateway --upstream http://127.0.0.1:8080 --origin https://api.example.com
  $ countersign gateway --upstream http://127.0.0.1:8080 --origin https://api.example.com --scheme ./mine.json
  $ countersign gateway --config gateway.yaml --check
  $ countersign gateway --config gateway.yaml --redis redis://127.0.0.1 --workers 4 --admin-port 9090`,
    )
    .action(async (options: GatewayCommandOptions) => {
      try {
        done(await run(options))
      } catch (error) {
        if (options.json !== true) throw error
        // Whoever reads where it listens reads the log as lines of JSON too.
        done(logMistake(error))
      }
    })
}

async function run(options: GatewayCommandOptions): Promise<number> {
  const workers = readCount(options.workers, '--workers', MAX_WORKERS) ?? 1
  if (options.check === true) return await check(options)
  const { config, files } = cluster.isWorker ? await settingsFromFirst() : { config: await readConfig(options) }
  if (workers > 1 && config.redis === undefined)
    throw new UsageError('redis-missing', 'Several processes need a replay guard that they share: give --redis.')
  goOnWithBrokenOutput()
  if (workers > 1 && cluster.isPrimary) {
    const { checkGateway, checkRenewed, originsOf, readNamedFiles, whenThere } = await import('@countersign/server')
    const stop = stopSignal()
    const { store, masterKeyFile } = config
    // Else each worker would end for want of it, and another one be started.
    const checkStore = (onAway: (error: Error) => void) =>
      whenThere(() => withService({ store, masterKeyFile }, () => Promise.resolve()), { signal: stop.signal, onAway })
    const readAgain = async (): Promise<WorkerSettings> => {
      const again = await readConfigAgain(options)
      checkRenewed(config, again)
      const named = readNamedFiles(again)
      await checkGateway(again, { isQuiet: options.quiet === true, files: named })
      return { config: again, files: named }
    }
    const onListening = (port: number): void => {
      const { origin, adminOrigin } = originsOf(config, port)
      if (options.json === true) out(`${JSON.stringify({ origin, adminOrigin })}\n`)
      else tell(`The gateway listens on ${origin} with ${workers} processes. Ctrl+C stops it.`)
    }
    const isQuiet = options.quiet === true
    const settings = { config, files: readNamedFiles(config) }
    return await superviseWorkers({ settings, count: workers, isQuiet, onListening, stop, checkStore, readAgain })
  }
  const readAgain = () => readConfigAgain(options)
  return await runOneProcess({ config, files, isQuiet: options.quiet === true, isJson: options.json === true, readAgain })
}

/** Every fault is one of the settings or of what they name, so each ends with the same code. */
async function check(options: GatewayCommandOptions): Promise<number> {
  const isJson = options.json === true
  try {
    const { checkGateway } = await import('@countersign/server')
    await checkGateway(await readConfig(options), { isQuiet: options.quiet === true })
  } catch (error) {
    if (isJson) logMistake(error)
    else reportError('countersign', error)
    return EXIT.usage
  }
  if (isJson) logSaid(WOULD_START)
  else tell(WOULD_START)
  return EXIT.ok
}

const WOULD_START = 'The gateway would start.'
