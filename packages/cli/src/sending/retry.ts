import { setTimeout as sleep } from 'node:timers/promises'
import { NoAnswerError } from '../process/no-answer.ts'
import { tell } from '../process/streams.ts'

/** Statuses that may be better in a moment: as curl's --retry. */
export const PASSING: readonly number[] = [408, 429, 500, 502, 503, 504]
const FIRST_WAIT_MS = 1_000
const LEAST_WAIT_MS = 100
const MOST_WAIT_MS = 60_000

/**
 * Sends, and again where that failed for a reason that passes: no answer, or one of {@link PASSING}. It waits for a
 * second, and twice as long each time, or as long as `Retry-After` says; at least 0.1 s, and a minute at most.
 *
 * @param send makes a new signature each time
 * @param retries how many times more
 */
export async function withRetries(send: () => Promise<Response>, retries: number): Promise<Response> {
  for (let tried = 0; ; tried++) {
    const isLast = tried >= retries
    let reason: string
    let waitMs = Math.min(FIRST_WAIT_MS * 2 ** tried, MOST_WAIT_MS)
    try {
      const response = await send()
      if (isLast || !PASSING.includes(response.status)) return response
      reason = `HTTP ${response.status}`
      waitMs = retryAfterMs(response.headers.get('retry-after')) ?? waitMs
      await response.body?.cancel()
    } catch (error) {
      if (isLast || !(error instanceof NoAnswerError)) throw error
      reason = 'no answer'
    }
    tell(`${reason}; once more in ${waitMs / 1000} s (${tried + 1} of ${retries})`)
    await sleep(waitMs)
  }
}

/** In seconds, or as HTTP writes a date (RFC 9110 §10.2.3); anything else counts as not there. */
function retryAfterMs(text: string | null): number | undefined {
  if (text === null) return undefined
  const isDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
  if (!isDate && !/^\d+$/.test(text)) return undefined
  const ms = isDate ? Date.parse(text) - Date.now() : Number(text) * 1000
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, LEAST_WAIT_MS), MOST_WAIT_MS)
}
