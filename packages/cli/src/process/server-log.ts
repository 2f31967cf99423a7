import { tell } from './streams.ts'

/** What a server that runs says of itself, on standard error. */
export interface ServerLog {
  info(text: string): void
  warn(text: string): void
  error(error: unknown): void
}

/**
 * Lines of text, each with its time unless a person looks on: what keeps the lines for later often adds none.
 *
 * @param isTerminal whether standard error is one
 */
export function textLog(isTerminal: boolean, write = tell, now: () => number = Date.now): ServerLog {
  const line = (text: string): void => write(isTerminal ? text : `${new Date(now()).toISOString()} ${text}`)
  return {
    info: line,
    warn: text => line(`warning: ${text}`),
    error: error => line(`error: ${error instanceof Error ? error.message : String(error)}`),
  }
}

/** Lines of JSON, as those of a gateway. */
export async function jsonLog(): Promise<ServerLog> {
  const { createProcessLog, logError } = await import('@countersign/server')
  const log = createProcessLog(false)
  return { info: text => log.info(text), warn: text => log.warn(text), error: error => logError(log, error) }
}
