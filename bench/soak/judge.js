/**
 * What is wrong with the calls that reached the upstream: each has to be one that was signed with one of our keys, and
 * to have come as often as it was sent.
 *
 * @param {Iterable<readonly [call: string, times: number]>} reached
 * @param {ReadonlyMap<string, { readonly least: number, readonly most: number }>} expected how often each call may come
 * @returns {string[]}
 */
export function judgeReached(reached, expected) {
  const times = new Map(reached)
  const wrong = []
  for (const [call, count] of times) {
    const most = expected.get(call)?.most ?? 0
    if (count > most) wrong.push(`reached the upstream ${count} times instead of ${most}: ${call}`)
  }
  for (const [call, { least }] of expected) {
    const count = times.get(call) ?? 0
    if (count < least) wrong.push(`reached the upstream ${count} times instead of ${least}: ${call}`)
  }
  return wrong
}
