import { asFlags } from '../text/as-flags.ts'
import { EXIT } from './exit.ts'
import { NoAnswerError } from './no-answer.ts'
import { systemReason } from './reasons.ts'
import { tell } from './streams.ts'

/** Codes of ours; those of the system and of others have capitals or dots. */
const OWN_CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Tells a mistake in one line with its code, and says what to end with. */
export function reportError(program: string, error: unknown): number {
  if (isOwnError(error)) {
    tell(`${program}: ${asFlags(error.message)} [${error.code}]`)
    return error.status !== undefined && error.status < 500 ? EXIT.refused : EXIT.usage
  }
  if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) return EXIT.usage
  if (error instanceof NoAnswerError) {
    tell(`${program}: ${error.isLate ? `${error.message} [timeout]` : `no connection: ${error.message} [network]`}`)
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
