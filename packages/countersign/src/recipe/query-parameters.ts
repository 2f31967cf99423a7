import { percentEncode } from '../wire/percent.ts'

/** A parameter of a query: as it stands there, and its value, decoded as a form. */
export interface QueryParameter {
  readonly written: string
  readonly value: string
}

/** All parameters of a query by their names, each decoded as a form and encoded again (RFC 9421 §2.2.8). */
export function readQueryParameters(query: string): ReadonlyMap<string, readonly QueryParameter[]> {
  const byName = new Map<string, QueryParameter[]>()
  for (const written of query.split('&')) {
    if (written === '') continue
    const [name, value] = readParameter(written)
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

function readParameter(written: string): readonly [name: string, value: string] {
  const plain = PLAIN.exec(written)
  if (plain !== null) return [plain[1] ?? '', plain[2] ?? '']
  // A question mark at the very beginning would be left out.
  const [pair = ['', ''] as const] = new URLSearchParams(`&${written}`)
  return pair
}

/** Most parameters are written as they are, which is quicker to see than to decode. */
const PLAIN = /^([A-Za-z0-9\-._~]*)(?:=([A-Za-z0-9\-._~=]*))?$/
