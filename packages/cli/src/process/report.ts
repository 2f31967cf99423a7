import { PastedError } from '@countersign/pasted'
import { CountersignError } from 'countersign'
import { EXIT, UsageError } from './exit.ts'
import { tell } from './streams.ts'

/** Tells a mistake in one line with its code, and says what to end with. */
export function reportError(program: string, error: unknown): number {
  if (error instanceof UsageError || error instanceof PastedError || error instanceof CountersignError) {
    tell(`${program}: ${error.message} [${error.code}]`)
    return EXIT.usage
  }
  if (isServerError(error)) {
    tell(`${program}: ${error.message} [${error.code}]`)
    return error.status < 500 ? EXIT.refused : EXIT.usage
  }
  if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) return EXIT.usage
  if (error instanceof Error && error.name === 'TimeoutError') {
    tell(`${program}: no answer in time [timeout]`)
    return EXIT.network
  }
  if (error instanceof TypeError && error.message === 'fetch failed') {
    tell(`${program}: no connection: ${describeCause(error.cause)} [network]`)
    return EXIT.network
  }
  tell(`${program}: ${error instanceof Error ? error.message : String(error)} [internal]`)
  return EXIT.usage
}

/** By its name, so that the server's code is not loaded for it. */
function isServerError(error: unknown): error is Error & { readonly code: string; readonly status: number } {
  return error instanceof Error && error.name === 'ServerError' && 'code' in error && 'status' in error && typeof error.status === 'number'
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown cause'
  const code = 'code' in cause ? String(cause.code) : ''
  return cause.message === '' ? code : cause.message
}
