import { EXIT } from './exit.ts'
import { systemReason } from './reasons.ts'

/**
 * Ends when standard output can't be written any more: quietly where its reader has gone, who has seen enough
 * (`countersign schemes | head -3`), and with the reason where the disk is full.
 */
export function endWithBrokenOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    const reason = systemReason(error)?.text ?? error.message
    process.stderr.write(`The output can't be written: ${reason} [output-unwritable]\n`)
    process.exit(EXIT.usage)
  })
  process.stderr.on('error', () => process.exit(EXIT.usage))
}

/**
 * For a server: it goes on when its log can't be written. It could not even end: pino's log, flushed at the end, writes
 * to a closed pipe again and again.
 */
export function goOnWithBrokenOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined)
}
