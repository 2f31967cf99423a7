import { ServerError } from '../errors.ts'

/**
 * A named permission, and the calls that it opens. Where patterns decide, what no permission opens is closed.
 */
export interface Permission {
  /** On the wire. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** `GET /orders/{id}`; `{…}` is one segment. */
  readonly opens: readonly string[]
}

/** What a permission can be called: it stands in a header, in a list that commas part. */
export const PERMISSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$/
export const PERMISSION_NAME_IS = '1 to 100 letters, digits, and . _ : / - behind the first'

/** What a call needs of its key. */
export interface Required {
  /** One of these. */
  readonly permissions: readonly string[]
  /** Where the path names a fund or a wallet: a key that is narrowed to another one is refused. */
  readonly fundId: string | undefined
  readonly walletId: string | undefined
}

/** What a key is narrowed to; empty: nothing. */
export interface Narrowing {
  readonly fundId: string
  readonly walletId: string
}

/**
 * Compiles permissions into the question what a call needs. `undefined`: no permission opens it, so it is refused
 * whatever the key may.
 *
 * @throws ServerError `permission-malformed`
 */
export function compilePermissions(permissions: readonly Permission[]): (method: string, path: string) => Required | undefined {
  const rules = permissions.flatMap(({ name, opens }) => opens.map(pattern => ({ name, ...compilePattern(pattern) })))
  return (method, path) => {
    const segments = path.split('/')
    const fitting = rules.filter(rule => rule.method === method && fits(rule.segments, segments))
    // A literal path is surer than one with parameters: `/transactions/feed` is not a transaction.
    const literal = Math.max(...fitting.map(rule => rule.literals))
    const best = fitting.filter(rule => rule.literals === literal)
    const [first] = best
    if (first === undefined) return undefined
    const segmentOf = (name: string): string | undefined => {
      const at = first.segments.indexOf(`{${name}}`)
      return at < 0 ? undefined : segments[at]
    }
    return { permissions: [...new Set(best.map(({ name }) => name))], fundId: segmentOf('fund_id'), walletId: segmentOf('wallet_id') }
  }
}

/** Whether a key that is narrowed may make a call that names a fund or a wallet. */
export function isWithin({ fundId, walletId }: Narrowing, required: Required): boolean {
  return (
    (fundId === '' || required.fundId === undefined || required.fundId === fundId) &&
    (walletId === '' || required.walletId === undefined || required.walletId === walletId)
  )
}

/** Method and path, `GET /orders/{id}`. */
export const PERMISSION_PATTERN = /^([A-Z]+) (\/[A-Za-z0-9_./{}-]*)$/

interface Pattern {
  readonly method: string
  readonly segments: readonly string[]
  readonly literals: number
}

function compilePattern(pattern: string): Pattern {
  const [, method, path] = PERMISSION_PATTERN.exec(pattern) ?? []
  if (method === undefined || path === undefined)
    throw new ServerError('permission-malformed', 500, `${JSON.stringify(pattern)} is not a pattern such as "GET /orders/{id}".`)
  const segments = path.split('/')
  return { method, segments, literals: segments.filter(segment => !isParameter(segment)).length }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (isParameter(part) ? segments[index] !== '' : part === segments[index]))
  )
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{')
}
