/** Who reads the first lines of a list and goes away has seen enough: `countersign schemes | head -3`. */
export function endWithClosedPipe(): void {
  onClosedPipe(() => process.exit())
}

/**
 * For a server: it goes on when whatever read its log has gone. It could not even end: pino's log, flushed at the end,
 * writes to the closed pipe again and again.
 */
export function goOnWithClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  onClosedPipe(() => undefined)
}

function onClosedPipe(then: () => void): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      then()
    })
}
