import { type Field, fieldsOf, hashOf, type Recipe } from '../recipe/recipe.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import { headerLines } from '../wire/header-lines.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { decodeAnySpelling } from '../wire/percent.ts'
import { queryOf } from '../wire/url.ts'

/** What a request says in the places that the scheme names, however it is spelled. */
export interface LooseFields {
  readonly values: { readonly [field: string]: string }
  /** Carriers that the request does not have. */
  readonly missing: readonly string[]
  /** Every header value that looks like a timestamp, whichever header it is in. */
  readonly moments: readonly string[]
  readonly header: (name: string) => string | undefined
  /** The target without what the scheme appends after it was signed. */
  readonly target: string
}

const MOMENT = /^(\d{10}(\.\d+)?|\d{13}|\d{16}|\d{19}|\d{4}-\d\d-\d\dT[\d:.]+Z|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT)$/

export function readLoosely(scheme: DeclaredScheme, headers: IncomingHeaders, target: string): LooseFields {
  const lines = headerLines(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const values: Record<string, string> = {}
  const missing: string[] = []
  let signed = target
  for (const carrier of scheme.carriers) {
    const value =
      carrier.in === 'query'
        ? readParameter(target, carrier.name)
        : carrier.in === 'header'
          ? lines.find(([name]) => name === carrier.name)?.[1]
          : undefined
    if (value === undefined) {
      if (carrier.in !== 'form') missing.push(carrier.name)
      continue
    }
    Object.assign(values, readCarrier(carrier, value))
    if (carrier.in === 'query' && carrier.fields.includes('signature')) signed = withoutParameter(signed, carrier.name)
  }
  return {
    values,
    missing,
    moments: [...new Set(lines.map(([, value]) => value.trim()).filter(value => MOMENT.test(value)))],
    header: name => lines.find(([own]) => own === name)?.[1],
    target: signed,
  }
}

/** Every item by the literal it begins with; a lone item takes what there is. */
function readCarrier({ prefix, separator, items }: Carrier, value: string): Record<string, string> {
  const rest = value.startsWith(prefix) ? value.slice(prefix.length) : value
  const given =
    separator === undefined ? [rest] : rest.split(separator.trim() === '' ? separator : separator.trim()).map(item => item.trim())
  const values: Record<string, string> = {}
  for (const parts of items) {
    const [start, variable, end] = around(parts)
    const item = given.find(one => one.startsWith(start)) ?? (items.length === 1 ? rest : undefined)
    if (item === undefined || variable === undefined) continue
    const from = item.startsWith(start) ? start.length : 0
    values[variable] = item.slice(from, end !== '' && item.endsWith(end) ? item.length - end.length : undefined)
  }
  return values
}

function around(parts: readonly Recipe[]): readonly [start: string, field: Field | undefined, end: string] {
  const at = parts.findIndex(part => part.op !== 'text')
  const part = parts[at]
  const literal = (list: readonly Recipe[]): string => list.map(one => (one.op === 'text' ? one.text : '')).join('')
  return [
    literal(parts.slice(0, Math.max(at, 0))),
    // A digest says nothing that the body does not.
    part === undefined || hashOf(part) !== undefined ? undefined : fieldsOf(part)[0],
    literal(parts.slice(at + 1)),
  ]
}

function readParameter(target: string, name: string): string | undefined {
  const found = queryOf(target)
    .split('&')
    .find(pair => pair.startsWith(`${name}=`))
  if (found === undefined) return undefined
  const value = found.slice(name.length + 1)
  return decodeAnySpelling(value) ?? value
}

/** A target without one parameter of its query, the rest as it stands. */
export function withoutParameter(target: string, name: string): string {
  const [path = '', query = ''] = target.split('?', 2)
  const rest = query.split('&').filter(pair => !pair.startsWith(`${name}=`))
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`
}
