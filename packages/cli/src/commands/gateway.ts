import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayConfig } from '@countersign/server'
import { isSchemeFile } from '@countersign/server/scheme-files'
import { type Command, Option } from 'commander'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { reportState } from '../gateway/report-state.ts'
import { REPLACED, settingsFromFirst, type WorkerSettings } from '../gateway/worker-settings.ts'
import { superviseWorkers } from '../gateway/workers.ts'
import { withService } from '../keys/store-options.ts'
import { readCount, readPort } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type SettingsFile, settingsFileOf } from '../options/settings-file.ts'
import { goOnWithBrokenOutput } from '../process/broken-output.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { logMistake, reportError } from '../process/report.ts'
import { startOn } from '../process/start-on.ts'
import { out, tell } from '../process/streams.ts'
import { stopSignal, unlessStopped } from '../process/until-stopped.ts'
import { schemeNameOf } from '../signing/find-scheme.ts'

interface GatewayCommandOptions {
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
  readonly check?: boolean
  readonly keepSignature?: boolean
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
        'replay protection across processes: redis://… or redis-sentinel://… (default: in memory, for one process)',
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
  try {
    const { runGateway } = await import('@countersign/server')
    // Of several processes the first one tells how they are.
    const own = cluster.isWorker ? { ...config, adminPort: undefined } : config
    const stop = stopSignal()
    // What is to be read again, the first process reads.
    const readAgain = () => (cluster.isWorker ? own : readConfigAgain(options))
    const how = { isQuiet: options.quiet === true, files, readAgain, signal: stop.signal }
    const gateway = await unlessStopped(stop, () => startOn(config.port, () => runGateway(own, how)))
    if (gateway === undefined) return EXIT.ok
    const reportLast = cluster.isWorker ? reportState(gateway.watched) : undefined
    if (cluster.isPrimary && options.json === true) out(`${JSON.stringify({ origin: gateway.origin, adminOrigin: gateway.adminOrigin })}\n`)
    else if (cluster.isPrimary) tell(`The gateway listens on ${gateway.origin}. Ctrl+C stops it.`)
    const replaced = new Promise<number>(resolve => process.on('message', message => message === REPLACED && resolve(0)))
    const delayMs = await Promise.race([stop.told.then(() => undefined), replaced])
    await gateway.close(delayMs)
    await reportLast?.()
  } finally {
    // Its channel to the first process would keep a worker alive.
    cluster.worker?.disconnect()
  }
  return EXIT.ok
}

/** Every fault is one of the settings or of what they name, so each ends with the same code. */
async function check(options: GatewayCommandOptions): Promise<number> {
  try {
    const { checkGateway } = await import('@countersign/server')
    await checkGateway(await readConfig(options), { isQuiet: options.quiet === true })
  } catch (error) {
    reportError('countersign', error)
    return EXIT.usage
  }
  tell('The gateway would start.')
  return EXIT.ok
}

/** A file that is being written may be half there: settings without their routes let every key in. */
const SETTLED_MS = 200

async function readConfigAgain(options: GatewayCommandOptions): Promise<GatewayConfig> {
  const path = options.config?.path
  if (path !== undefined) {
    const text = readTextFile(path, 'configuration')
    await sleep(SETTLED_MS)
    if (text.trim() === '' || readTextFile(path, 'configuration') !== text)
      throw new UsageError('config-unsettled', `${path} is empty, or is being written: send SIGHUP again once it is whole.`)
  }
  return await readConfig(options)
}

async function readConfig(options: GatewayCommandOptions) {
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
