import { PastedError, type PastedRequest, utf8 } from './pasted-request.ts'

/** What is read of a HAR 1.2 file, see http://www.softwareishard.com/blog/har-12-spec/ */
interface HarEntry {
  readonly request?: {
    readonly method?: string
    readonly url?: string
    readonly headers?: readonly { readonly name?: string; readonly value?: string }[]
    readonly postData?: {
      readonly text?: string
      readonly encoding?: string
      readonly params?: readonly { readonly name?: string; readonly value?: string }[]
    }
  }
  readonly response?: { readonly status?: number }
}

/** One entry of a recording, with its number from 1. */
export interface HarRequest extends PastedRequest {
  readonly number: number
  readonly status: number | undefined
}

/** @throws PastedError `har-malformed` */
export function readHar(text: string): readonly HarRequest[] {
  let entries: unknown
  try {
    entries = JSON.parse(text.replace(/^\ufeff/, ''))?.log?.entries
  } catch {
    throw new PastedError('har-malformed', 'The HAR file is no JSON.')
  }
  if (!Array.isArray(entries)) throw new PastedError('har-malformed', 'The HAR file has no log.entries.')
  return (entries as HarEntry[]).flatMap(({ request, response }, index) =>
    request?.method === undefined || request.url === undefined
      ? []
      : [
          {
            number: index + 1,
            status: response?.status,
            method: request.method,
            url: request.url,
            headers: (request.headers ?? [])
              .filter(({ name = ':' }) => !name.startsWith(':'))
              .map(({ name = '', value = '' }) => [name.toLowerCase(), value] as const),
            body: bodyOf(request.postData),
          },
        ],
  )
}

function bodyOf(postData: NonNullable<HarEntry['request']>['postData']): Uint8Array | undefined {
  const { text = '', encoding, params = [] } = postData ?? {}
  if (text !== '') return encoding === 'base64' ? Uint8Array.from(atob(text), char => char.charCodeAt(0)) : utf8(text)
  if (params.length === 0) return undefined
  return utf8(String(new URLSearchParams(params.map(({ name = '', value = '' }): [string, string] => [name, value]))))
}

/**
 * The entry that is meant: by its number; or of those that bear a signature, the first that was refused, or else the
 * first.
 *
 * @throws PastedError `har-entry-missing`
 */
export function chooseEntry(
  entries: readonly HarRequest[],
  number: number | undefined,
  isSigned: (request: HarRequest) => boolean,
): HarRequest {
  if (number !== undefined) {
    const entry = entries.find(one => one.number === number)
    if (entry === undefined)
      throw new PastedError('har-entry-missing', `The HAR file has no request number ${number}; it has ${entries.length}.`)
    return entry
  }
  const signed = entries.filter(isSigned)
  const entry = signed.find(({ status }) => status === 401 || status === 403) ?? signed[0]
  if (entry === undefined)
    throw new PastedError(
      'har-entry-missing',
      `None of the ${entries.length} requests in the HAR file bears this scheme's signature: is --scheme right? --entry <n> takes one by its number.`,
    )
  return entry
}
