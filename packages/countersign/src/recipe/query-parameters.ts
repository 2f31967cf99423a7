import { percentEncode } from '../wire/percent.ts'
import { queryOf } from '../wire/url.ts'
import type { Call } from './call.ts'
import { perCall } from './per-call.ts'

/** A parameter of a query: as it stands there, and its value, decoded as a form. */
export interface QueryParameter {
  readonly written: string
  readonly value: string
}

/** All parameters of a query by their names, each decoded as a form and encoded again (RFC 9421 §2.2.8). */
export function readQueryParameters(query: string): ReadonlyMap<string, readonly QueryParameter[]> {
  const byName = new Map<string, QueryParameter[]>()
  const parts = query.split('&').filter(part => part !== '')
  const pairs = parts.every(part => PLAIN.test(part)) ? parts.map(readPlain) : readForm(query)
  for (const [index, written] of parts.entries()) {
    const [name, value] = pairs[index] ?? NO_PAIR
    const wanted = formEncode(name)
    const known = byName.get(wanted)
    if (known === undefined) byName.set(wanted, [{ written, value }])
    else known.push({ written, value })
  }
  return byName
}

/**
 * What RFC 9421 §2.2.8 writes of a name or a value: the escapes of a form as browsers send it (URL Standard, the
 * application/x-www-form-urlencoded percent-encode set), with a space as `%20`. It differs from RFC 3986's in two
 * characters: `*` stays, `~` does not.
 */
export function formEncode(text: string): string {
  if (/^[A-Za-z0-9\-._*]*$/.test(text)) return text
  return percentEncode(text).replaceAll('%2A', '*').replaceAll('~', '%7E')
}

const readTarget = /* @__PURE__ */ perCall(target => readQueryParameters(queryOf(target)))

/** The parameters of a call's query. */
export function parametersOf(call: Call): ReturnType<typeof readQueryParameters> {
  return readTarget(call, 'target', call.target)
}

type Pair = readonly [name: string, value: string]

const NO_PAIR: Pair = ['', '']

/** Most parameters are written as they are, which is quicker to see than to decode. */
const PLAIN = /^[A-Za-z0-9\-._~]*(?:=[A-Za-z0-9\-._~=]*)?$/

function readPlain(written: string): Pair {
  const equals = written.indexOf('=')
  return equals < 0 ? [written, ''] : [written.slice(0, equals), written.slice(equals + 1)]
}

/** A pair for each part that is not empty. A question mark at the very beginning would be left out. */
function readForm(query: string): readonly Pair[] {
  return [...new URLSearchParams(`&${query}`)]
}
