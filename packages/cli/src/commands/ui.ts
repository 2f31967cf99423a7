import { once } from 'node:events'
import type { Command } from 'commander'
import { EXIT, UsageError } from '../process/exit.ts'
import { out } from '../process/streams.ts'

/** The port of Qredo's tool. */
const DEFAULT_PORT = '4569'

export function addUiCommand(program: Command, done: (code: number) => void): void {
  program
    .command('ui')
    .description('a web page to sign, send and explain, served to this machine only')
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
  const number = Number(port)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new UsageError('port-malformed', `${port} is no port.`)
  // Loaded here, so that the other commands start without it.
  const { startUi } = await import('@countersign/ui')
  let ui: Awaited<ReturnType<typeof startUi>>
  try {
    ui = await startUi({ port: number })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new UsageError('port-taken', `Port ${port} is taken: give another with --port, or 0 for any.`)
    throw error
  }
  out(
    json
      ? `${JSON.stringify({ url: ui.url })}\n`
      : `Open this page; it has the token of this run in it:\n\n  ${ui.url}\n\nCtrl+C stops it.\n`,
  )
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await ui.close()
  return EXIT.ok
}
