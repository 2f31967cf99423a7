import cluster from 'node:cluster'
import type { GatewayConfig, NamedFiles } from '@countersign/server'
import { EXIT } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import { out, tell } from '../process/streams.ts'
import { stopSignal, unlessStopped } from '../process/until-stopped.ts'
import { reportState } from './report-state.ts'
import { REPLACED } from './worker-settings.ts'

export interface OneProcessOptions {
  readonly config: GatewayConfig
  /** What the files have that the settings name, where another process read them. */
  readonly files: NamedFiles | undefined
  readonly isQuiet: boolean
  readonly isJson: boolean
  /** For SIGHUP. */
  readonly readAgain: () => Promise<GatewayConfig>
}

/** Runs a gateway in this process, be it the only one or one of several, until it is told to end. */
export async function runOneProcess({ config, files, isQuiet, isJson, readAgain: readFile }: OneProcessOptions): Promise<number> {
  try {
    const { runGateway } = await import('@countersign/server')
    // Of several processes the first one tells how they are.
    const own = cluster.isWorker ? { ...config, adminPort: undefined } : config
    const stop = stopSignal()
    // What is to be read again, the first process reads.
    const readAgain = () => (cluster.isWorker ? own : readFile())
    const how = { isQuiet, files, readAgain, signal: stop.signal }
    const gateway = await unlessStopped(stop, () => startOn(config.port, () => runGateway(own, how)))
    if (gateway === undefined) return EXIT.ok
    const reportLast = cluster.isWorker ? reportState(gateway.watched) : undefined
    if (cluster.isPrimary && isJson) out(`${JSON.stringify({ origin: gateway.origin, adminOrigin: gateway.adminOrigin })}\n`)
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
