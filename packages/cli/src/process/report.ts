import { EXIT, NoAnswerError } from './exit.ts'
import { noAnswerReason, systemReason } from './reasons.ts'
import { tell } from './streams.ts'

/** Codes of ours; those of the system and of others have capitals or dots. */
const OWN_CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Tells a mistake in one line with its code, and says what to end with. */
export function reportError(program: string, error: unknown): number {
  if (isOwnError(error)) {
    tell(`${program}: ${error.message} [${error.code}]`)
    return error.status !== undefined && error.status < 500 ? EXIT.refused : EXIT.usage
  }
  if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) return EXIT.usage
  if (isTimeout(error) || (error instanceof NoAnswerError && isTimeout(error.cause))) {
    tell(`${program}: no answer in time [timeout]`)
    return EXIT.network
  }
  if (error instanceof NoAnswerError || (error instanceof TypeError && error.message === 'fetch failed')) {
    tell(`${program}: no connection: ${noAnswerReason(error.cause)} [network]`)
    return EXIT.network
  }
  const system = error instanceof Error ? systemReason(error) : undefined
  if (system !== undefined) tell(`${program}: ${system.text} [${system.code}]`)
  else tell(`${program}: ${error instanceof Error ? error.message : String(error)} [internal]`)
  return EXIT.usage
}

/** By its code, since the servers have a copy of the library of their own, and are not loaded for this. */
function isOwnError(error: unknown): error is Error & { readonly code: string; readonly status?: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && OWN_CODE.test(error.code)
}

/** As `AbortSignal.timeout` makes it, or Node's client of that. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || (error.cause instanceof Error && error.cause.name === 'TimeoutError'))
}
