import { CountersignError } from '../contract/error.ts'

/** Where verifiers that check nothing may be made. Any other name may be that of a place where it counts. */
const TEST_ENVIRONMENTS: readonly string[] = ['test', 'development']

/**
 * A verifier that checks nothing must not come to where it counts: `production`, but also `Production`, `prod`,
 * `staging` or an empty name. So NODE_ENV is `test`, `development` or unset, as test runners have it.
 *
 * @throws CountersignError `testing-only`
 */
export function refuseProduction(of: string): void {
  const name = globalThis.process?.env?.['NODE_ENV']
  if (name === undefined || TEST_ENVIRONMENTS.includes(name)) return
  throw new CountersignError(
    'testing-only',
    `${of} checks no signature: it is for tests, and NODE_ENV is ${JSON.stringify(name)}, not test, development or unset.`,
  )
}

/** Goes with every answer behind a verifier of this room, so that it is seen where it shouldn't be. */
export const MARK = 'x-countersign-testing'
