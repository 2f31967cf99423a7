import { carriesOf, type Fetch, type Scheme } from 'countersign'
import { tell } from '../process/streams.ts'

const HIDDEN = '(hidden)'

/** Headers whose values let others act as the caller, whatever the scheme. */
const SECRET_NAMES = /^(?:proxy-)?authorization$|cookie|token|passw|passphrase|secret/

/**
 * A `fetch` that tells what is sent and what comes back, as it went, on standard error. Values that are secrets are
 * hidden; a signature is none.
 */
export function tellingFetch(scheme: Scheme): Fetch {
  const carried = carriesOf(scheme).filter(({ in: place }) => place === 'header')
  const own = new Set(carried.filter(({ secret }) => !secret).map(({ name }) => name))
  const secret = new Set(carried.filter(part => part.secret).map(({ name }) => name))
  const shown = (name: string, value: string): string => (secret.has(name) || (SECRET_NAMES.test(name) && !own.has(name)) ? HIDDEN : value)
  return async (input, init) => {
    const request = new Request(input, init)
    const { host, pathname, search } = new URL(request.url)
    tell(`> ${request.method} ${pathname}${search} HTTP/1.1`)
    tell(`> host: ${host}`)
    for (const [name, value] of request.headers) tell(`> ${name}: ${shown(name, value)}`)
    const { body } = init ?? {}
    if (body instanceof Uint8Array) tell(`> (body of ${body.length} bytes)`)
    const response = await fetch(input, init)
    tell(`< HTTP ${response.status} ${response.statusText}`)
    for (const [name, value] of response.headers) tell(`< ${name}: ${shown(name, value)}`)
    return response
  }
}
