import { CountersignError } from '../contract/error.ts'

/**
 * A parameter that the signer adds to the query can't stand there already: no verifier takes it twice.
 *
 * @param given names as they stand in the URL
 * @throws CountersignError `url-not-signable`
 */
export function refuseOwnParameters(own: readonly string[], given: readonly string[]): void {
  const found = own.find(name => given.includes(name))
  if (found === undefined) return
  throw new CountersignError('url-not-signable', `The URL has the parameter ${found}, which the scheme adds: leave it out.`)
}
