import { asFlags } from '../text/as-flags.ts'
import { EXIT } from './exit.ts'
import { NoAnswerError } from './no-answer.ts'
import { systemReason } from './reasons.ts'
import { tell } from './streams.ts'

/** Codes of ours; those of the system and of others have capitals or dots. */
const OWN_CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Tells a mistake in one line with its code, and says what to end with. */
export function reportError(program: string, error: unknown): number {
  const { text, code, exit } = toldOf(error)
  if (text !== undefined) tell(`${program}: ${text} [${code}]`)
  return exit
}

/** As {@link reportError}, as a line of the log of a process. */
export function logMistake(error: unknown): number {
  const { text, code, exit } = toldOf(error)
  if (text !== undefined) tell(JSON.stringify({ level: 50, time: Date.now(), pid: process.pid, code, msg: text }))
  return exit
}

/** A line of the log of a process. */
export function logSaid(text: string): void {
  tell(JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, msg: text }))
}

interface Told {
  /** Undefined: nothing has to be said. */
  readonly text: string | undefined
  readonly code: string
  readonly exit: number
}

function toldOf(error: unknown): Told {
  if (isOwnError(error)) {
    const exit = error.status !== undefined && error.status < 500 ? EXIT.refused : EXIT.usage
    return { text: asFlags(error.message), code: error.code, exit }
  }
  if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError'))
    return { text: undefined, code: '', exit: EXIT.usage }
  if (error instanceof NoAnswerError)
    return error.isLate
      ? { text: error.message, code: 'timeout', exit: EXIT.network }
      : { text: `no connection: ${error.message}`, code: 'network', exit: EXIT.network }
  const system = error instanceof Error ? systemReason(error) : undefined
  if (system !== undefined) return { ...system, exit: EXIT.usage }
  return { text: error instanceof Error ? error.message : String(error), code: 'internal', exit: EXIT.usage }
}

/** By its code, since the servers have a copy of the library of their own, and are not loaded for this. */
function isOwnError(error: unknown): error is Error & { readonly code: string; readonly status?: number } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && OWN_CODE.test(error.code)
}
