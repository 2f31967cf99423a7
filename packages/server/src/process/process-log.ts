import { type Logger, pino } from 'pino'

/** Lines of JSON on standard error. */
export function createProcessLog(isQuiet: boolean): Logger {
  return pino(
    { level: isQuiet ? 'error' : 'info', base: { pid: process.pid }, redact: ['req.headers', '*.secret', '*.authorization'] },
    pino.destination({ dest: 2, sync: false }),
  )
}

/** Codes of ours: the message says what to do, and a stack would say nothing more. Those of others have capitals. */
const OWN_CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** @param text what it was about, and what holds now */
export function logError(log: Logger, error: unknown, text = 'error'): void {
  if (!(error instanceof Error)) {
    log.error({ error: String(error) }, text)
    return
  }
  const { message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  const isOwn = typeof code === 'string' && OWN_CODE.test(code)
  log.error({ error: message, code, cause: cause instanceof Error ? cause.message : undefined, stack: isOwn ? undefined : stack }, text)
}
