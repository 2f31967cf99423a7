/**
 * Waits for the end of this turn of the event loop, when all requests that came in together have been verified: so
 * their answers are written one right after the other, which costs a busy server far less than writing each between two
 * verifications (docs/decisions/0014).
 */
export function endOfTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
