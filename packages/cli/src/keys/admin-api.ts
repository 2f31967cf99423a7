import { readUrl } from '../request/url.ts'
import { requestText } from './request-text.ts'

/** What the admin API refused. */
class AdminApiError extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, status: number, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

export function notOurs(base: string): AdminApiError {
  return new AdminApiError('answer-malformed', 502, `${base} does not answer as a countersign server does: is it one?`)
}

export type AdminCall = <T>(method: string, path: string, query: object, body?: unknown) => Promise<T>

/** Calls the admin API at an origin. @param token of an administrator */
export function createAdminCall(origin: string, token: string): { readonly base: string; readonly call: AdminCall } {
  const base = `${readUrl(origin).replace(/\/+$/, '')}/admin/v1`

  async function call<T>(method: string, path: string, query: object, body?: unknown): Promise<T> {
    const url = new URL(`${base}${path}`)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
    const { status, text } = await requestText(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw notOurs(base)
    }
    if (status >= 200 && status < 300 && typeof value === 'object' && value !== null) return value as T
    const { code = 'refused', detail = `status ${status}` } = value as { code?: string; detail?: string }
    throw new AdminApiError(code, status, detail)
  }
  return { base, call }
}
