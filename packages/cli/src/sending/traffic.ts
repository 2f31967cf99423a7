import { carriesOf, type Fetch, type Scheme } from 'countersign'
import { tell } from '../process/streams.ts'
import { printableWord } from '../text/printable.ts'

const HIDDEN = '(hidden)'

/** Names of headers and parameters whose values let others act as the caller, whatever the scheme. */
const SECRET_NAMES = /^auth$|authorization$|auth-?key|api-?key|x-auth|cookie|token|passw|passphrase|secret/i

/**
 * A `fetch` that tells what is sent and what comes back, as it went, on standard error. Values that are secrets are
 * hidden; a signature is none.
 */
export function tellingFetch(scheme: Scheme, send: Fetch): Fetch {
  const isSecret = createSecretNames(scheme)
  const tellHeaders = (mark: string, headers: Headers): void => {
    for (const [name, value] of headers)
      tell(`${mark} ${name}: ${isSecret('header', name) ? HIDDEN : printableWord(value, Number.POSITIVE_INFINITY)}`)
  }
  return async (input, init) => {
    const request = new Request(input, init)
    const { host, pathname, search } = new URL(request.url)
    tell(`> ${request.method} ${pathname}${withoutSecrets(search, name => isSecret('query', name))} HTTP/1.1`)
    tell(`> host: ${host}`)
    tellHeaders('>', request.headers)
    const { body } = init ?? {}
    if (body instanceof Uint8Array) tell(`> (body of ${body.length} bytes)`)
    const response = await send(input, init)
    tell(`< HTTP ${response.status} ${printableWord(response.statusText, Number.POSITIVE_INFINITY)}`)
    tellHeaders('<', response.headers)
    return response
  }
}

type Place = 'header' | 'query'

/** What the scheme carries is told by the scheme; anything else by its name. */
function createSecretNames(scheme: Scheme): (place: Place, name: string) => boolean {
  const carried = new Map(carriesOf(scheme).map(({ in: place, name, secret }) => [`${place} ${name.toLowerCase()}`, secret]))
  return (place, name) => carried.get(`${place} ${name.toLowerCase()}`) ?? SECRET_NAMES.test(name)
}

function withoutSecrets(search: string, isSecret: (name: string) => boolean): string {
  return search.replace(/([?&])([^=&]*)=([^&]*)/g, (whole, mark: string, name: string) =>
    isSecret(decoded(name)) ? `${mark}${name}=${HIDDEN}` : whole,
  )
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
