import { type Logger, pino } from 'pino'

/** Lines of JSON on standard error. */
export function createProcessLog(isQuiet: boolean): Logger {
  return pino(
    { level: isQuiet ? 'error' : 'info', base: { pid: process.pid }, redact: ['req.headers', '*.secret', '*.authorization'] },
    pino.destination({ dest: 2, sync: false }),
  )
}

/** @param text what it was about, and what holds now */
export function logError(log: Logger, error: unknown, text = 'error'): void {
  if (!(error instanceof Error)) {
    log.error({ error: String(error) }, text)
    return
  }
  const { message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  log.error({ error: message, code, cause: cause instanceof Error ? cause.message : undefined, stack }, text)
}
