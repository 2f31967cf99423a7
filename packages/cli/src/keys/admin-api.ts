import { readUrl } from '../request/url.ts'
import { requestPieces, requestText, textOf } from './request-text.ts'

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

type AdminCall = <T>(method: string, path: string, query: object, body?: unknown) => Promise<T>

function olderServer(base: string): AdminApiError {
  return new AdminApiError(
    'server-older',
    502,
    `${base} is of a version before this command's: it doesn't say where its log ends, so a log that was cut off would not be noticed. Update it.`,
  )
}

/** Calls the admin API at an origin. @param token of an administrator */
export function createAdminCall(origin: string, token: string) {
  const base = `${readUrl(origin).replace(/\/+$/, '')}/admin/v1`
  const authorization = `Bearer ${token}`

  function urlOf(path: string, query: object): URL {
    const url = new URL(`${base}${path}`)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
    return url
  }

  const call: AdminCall = async <T>(method: string, path: string, query: object, body?: unknown): Promise<T> => {
    const { status, text } = await requestText(urlOf(path, query), {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const value = jsonOf(text)
    if (status >= 200 && status < 300) return value as T
    throw refusedBy(value, status)
  }

  /** Reads lines of JSON as they come. Throws if the last line isn't the entry that the answer announced. */
  async function* lines(path: string, query: object): AsyncGenerator<string> {
    const { status, headers, pieces, drop } = await requestPieces(urlOf(path, query), {
      method: 'GET',
      headers: { authorization },
      body: undefined,
    })
    if (status !== 200) throw refusedBy(jsonOf(await textOf(pieces)), status)
    const announced = headers['countersign-last-sequence']
    const last = Number(announced)
    const isOurs = headers['content-type']?.startsWith('application/jsonl') === true
    if (!isOurs || announced === undefined || !Number.isSafeInteger(last)) {
      drop()
      throw isOurs && announced === undefined ? olderServer(base) : notOurs(base)
    }
    let [rest, lastLine] = ['', '']
    for await (const piece of pieces) {
      const whole = (rest + piece).split('\n')
      rest = whole.pop() ?? ''
      lastLine = whole.at(-1) ?? lastLine
      yield* whole
    }
    const { sequence = 0 } = lastLine === '' ? {} : (jsonOf(lastLine) as { readonly sequence?: number })
    if (rest !== '' || sequence !== last)
      throw new AdminApiError(
        'answer-cut-off',
        502,
        `The log ends with entry ${sequence}, and not with ${last}: it was cut off. Export it again.`,
      )
  }

  function jsonOf(text: string): object {
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // Said below, not with the parser's message, which quotes what came.
    }
    throw notOurs(base)
  }

  return { base, call, lines }
}

function refusedBy(value: object, status: number): AdminApiError {
  const { code = 'refused', detail = `status ${status}` } = value as { code?: string; detail?: string }
  return new AdminApiError(code, status, detail)
}
