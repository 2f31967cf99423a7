import type { KeyPage } from '@countersign/server/store'
import { readUrl } from '../request/url.ts'
import type { KeyManager } from './key-manager.ts'
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

function notOurs(base: string): AdminApiError {
  return new AdminApiError('answer-malformed', 502, `${base} does not answer as a countersign server does: is it one?`)
}

/** @param token of an administrator */
export function openServerManager(origin: string, token: string, organisation: string | undefined): KeyManager {
  const base = `${readUrl(origin).replace(/\/+$/, '')}/admin/v1`
  const about = organisation === undefined ? {} : { organisation }

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
  const at = (id: string): string => `/keys/${encodeURIComponent(id)}`
  return {
    async list(query) {
      const page = await call<KeyPage>('GET', '/keys', { ...query, ...about })
      if (!Array.isArray(page.keys)) throw notOurs(base)
      return page
    },
    get: id => call('GET', at(id), {}),
    propose: question => call('POST', '/new-secret', {}, question),
    create: key => call('POST', '/keys', about, key),
    import: key => call('POST', '/keys/import', about, key),
    update: (id, changes) => call('PATCH', at(id), {}, changes),
    rotate: (id, rotation) => call('POST', `${at(id)}/rotate`, {}, rotation),
    set: (id, verb) => call('POST', `${at(id)}/${verb}`, {}),
    migration: ({ from, to, days }) => call('GET', '/migration', { from: listed(from), to: listed(to), days }),
    close: () => Promise.resolve(),
  }
}

/** By commas; nothing where there are none. */
function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',')
}
