import { CountersignError } from '../contract/error.ts'

/** A method as it is signed and verified. */
export const METHOD = /^[A-Z]{1,20}$/

/** The method as it is signed and sent. @throws CountersignError `option-invalid` */
export function upperCase(method: string): string {
  // Letters are looked at before they change: ſ becomes S.
  if (/^[a-z]{1,20}$/i.test(method)) return method.toUpperCase()
  throw new CountersignError('option-invalid', `${JSON.stringify(method.slice(0, 20))} is not a valid HTTP method.`)
}

/** Whether a body with this method is refused, unless `body-on-get` is allowed: many servers and proxies drop it. */
export function carriesNoBody(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
