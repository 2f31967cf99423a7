import { UsageError } from '../process/exit.ts'

const MAX_PORT = 65_535

/** A whole number within limits, both included. @throws UsageError `number-malformed` */
export function readNumber(text: string, option: string, from: number, to: number): number {
  const number = Number(text)
  if (!/^\d{1,9}$/.test(text) || number < from || number > to)
    throw new UsageError('number-malformed', `${option} is a whole number from ${from} to ${to}, not ${JSON.stringify(text)}.`)
  return number
}

/** A number from 1, where the option was given. @throws UsageError `number-malformed` */
export function readCount(text: string | undefined, option: string, most = 999_999_999): number | undefined {
  return text === undefined ? undefined : readNumber(text, option, 1, most)
}

const MOST_SECONDS = 86_400

/** A time in seconds, such as 30 or 0.5, in milliseconds. @throws UsageError `number-malformed` */
export function readSeconds(text: string, option: string): number {
  const seconds = Number(text)
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text) && seconds > 0 && seconds <= MOST_SECONDS) return seconds * 1000
  throw new UsageError('number-malformed', `${option} is a number of seconds above 0, up to ${MOST_SECONDS}, not ${JSON.stringify(text)}.`)
}

/** 0 stands for any free port. @throws UsageError `port-malformed` */
export function readPort(text: string, option = '--port'): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text)
  throw new UsageError('port-malformed', `${option} is a port from 0 to ${MAX_PORT}, not ${JSON.stringify(text)}.`)
}
