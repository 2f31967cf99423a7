import type { Command } from 'commander'
import { readPort } from '../options/numbers.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import { out } from '../process/streams.ts'
import { untilStopped } from '../process/until-stopped.ts'

/** The port of Qredo's tool. */
const DEFAULT_PORT = '4569'

export function defineUi(command: Command, done: Done): void {
  command
    .option('--port <port>', 'port to listen on at 127.0.0.1, 0 for any', DEFAULT_PORT)
    .option('--json', 'print the URL as one line of JSON')
    .addHelpText(
      'after',
      `
Signing happens in the page; the server behind it only sends what the page has signed, and wants the token that is in the printed URL.

Examples:
  $ countersign ui
  $ countersign ui --port 0 --json`,
    )
    .action(async ({ port, json }: { readonly port: string; readonly json?: boolean }) => done(await serveUi(port, json)))
}

/** Serves the page until the command is stopped. @throws UsageError `port-malformed`, `port-taken` */
export async function serveUi(port: string = DEFAULT_PORT, json = false): Promise<number> {
  const number = readPort(port)
  // Loaded here, so that the other commands start without it.
  const { startUi } = await import('@countersign/ui')
  const ui = await startOn(number, () => startUi({ port: number }))
  out(
    json
      ? `${JSON.stringify({ url: ui.url })}\n`
      : `Open this page; it has the token of this run in it:\n\n  ${ui.url}\n\nCtrl+C stops it.\n`,
  )
  await untilStopped()
  await ui.close()
  return EXIT.ok
}
