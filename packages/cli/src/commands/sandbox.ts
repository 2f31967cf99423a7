import { resolve } from 'node:path'
import type { Sandbox } from '@countersign/sandbox'
import type { Command } from 'commander'
import { compileDeprecation, type Deprecation, explainFailure } from 'countersign'
import { readNumber, readPort } from '../options/numbers.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import { out, tell } from '../process/streams.ts'
import { untilStopped } from '../process/until-stopped.ts'
import { nearestPath } from '../text/nearest-path.ts'
import { shellWord } from '../text/shell-word.ts'

const DEFAULT_PORT = '4567'
/** A day. */
const MAX_STEP_MS = 86_400_000
/** So that a report shows what has just been done. */
const FLUSH_MS = 1_000

interface SandboxOptions {
  readonly port: string
  readonly host: string
  readonly data: string
  readonly json?: boolean
  readonly step: string
  readonly deprecateV1?: string | boolean
}

export function defineSandbox(command: Command, done: Done): void {
  command
    .option('--port <port>', 'port to listen on, 0 for any', DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <folder>', 'where its database and keys are kept', '.sandbox')
    .option('--step <milliseconds>', 'how long a transaction stays in each state', '1000')
    .option('--deprecate-v1 [sunset]', 'announce the end of v1 with every answer, and refuse it from that moment on')
    .option('--json', 'print origin, keys, a wallet and the workspace as one line of JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign sandbox\n  $ countersign sandbox --port 8080 --data /tmp/sandbox\n  $ countersign sandbox --deprecate-v1 2027-04-01',
    )
    .action(async (options: SandboxOptions) => {
      const port = readPort(options.port)
      const stepMs = readNumber(options.step, '--step', 1, MAX_STEP_MS)
      const sandbox = await startOn(port, () => start(options, port, stepMs))
      if (options.json === true)
        out(
          `${JSON.stringify({ origin: sandbox.origin, keys: sandbox.demoKeys, wallet: sandbox.demoWallet, workspace: sandbox.workspaceId })}\n`,
        )
      else out(await welcome(sandbox))
      await untilStopped()
      await sandbox.close()
      done(EXIT.ok)
    })
}

async function start({ host, data, deprecateV1 = false }: SandboxOptions, port: number, stepMs: number): Promise<Sandbox> {
  // Loaded here, so that the other commands start without a database and a server.
  const [{ startSandbox }, { consoleDirectory }] = await Promise.all([import('@countersign/sandbox'), import('@countersign/ui')])
  return await startSandbox({
    directory: resolve(data),
    host,
    port,
    stepMs,
    deprecation: deprecateV1 === false ? undefined : readDeprecation(deprecateV1),
    flushMs: FLUSH_MS,
    consoleDirectory,
    onRefused: (failure, request) =>
      tell(`refused ${request.method ?? ''} ${request.url ?? ''}: ${failure.code}: ${explainFailure(failure)}`),
    onError: error => tell(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  })
}

/** @throws CountersignError `option-invalid` */
function readDeprecation(sunset: string | true): Deprecation {
  const deprecation = {
    since: new Date(Math.floor(Date.now() / 1000) * 1000),
    ...(sunset === true ? {} : { sunset }),
    successor: 'qredo-v2',
  }
  // A sunset that has passed is meant, here.
  if (sunset !== true && Date.parse(sunset) < deprecation.since.getTime()) deprecation.since = new Date(sunset)
  compileDeprecation(deprecation)
  return deprecation
}

async function welcome({ origin, demoKeys, demoWallet, adminTokenFile }: Sandbox): Promise<string> {
  const { V1_BASE } = await import('@countersign/sandbox')
  const [demo] = demoKeys
  if (demo === undefined) return `The sandbox listens on ${origin}.\n`
  const credentials = `--api-key=${demo.id} --secret-file=${shellWord(nearestPath(demo.secretFile))}`
  const transaction = JSON.stringify({
    from: demoWallet,
    to: `0x${'1'.repeat(40)}`,
    value: '1000000000000000',
    gasLimit: '21000',
    gasPrice: '1000000000',
  })
  return `The sandbox listens on ${origin}${V1_BASE}. Ctrl+C stops it; its data stays.

Read the balance (in another terminal, in this folder):

  npx countersign send GET ${origin}${V1_BASE}/balance ${credentials}

Send a transaction:

  npx countersign send POST ${origin}${V1_BASE}/transaction ${credentials} -d '${transaction}'

Its endpoints are described at ${origin}/docs. Manage its keys at ${origin}/console/ with the token in ${nearestPath(adminTokenFile)}, or:

  npx countersign keys list --server ${origin} --token-file ${shellWord(nearestPath(adminTokenFile))}

`
}
