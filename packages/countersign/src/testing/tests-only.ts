import { CountersignError } from '../contract/error.ts'

/** A verifier that checks nothing must not come to where it counts. @throws CountersignError `testing-only` */
export function refuseProduction(of: string): void {
  if (globalThis.process?.env?.['NODE_ENV'] === 'production')
    throw new CountersignError('testing-only', `${of} checks no signature: it is for tests, and NODE_ENV is production.`)
}

/** Goes with every answer behind a verifier of this room, so that it is seen where it shouldn't be. */
export const MARK = 'x-countersign-testing'
