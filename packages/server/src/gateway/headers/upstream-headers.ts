import type { ForwardedFrom } from '../forwarded.ts'
import { namedByConnection } from './connection-header.ts'
import { ABOUT_CLIENT_WORDS, asUpstreamReads, HOP_BY_HOP, IDENTITY_PREFIX, SET_BY_GATEWAY } from './header-names.ts'

/** What an upstream is sent of a request's headers, and with it. */
export type UpstreamHeaders = (
  /** Names and values in turn, as they came. */
  raw: readonly string[],
  /** Names that the request's route drops, lower case. */
  dropped: ReadonlySet<string>,
  /** Headers that say who makes the call, and of which trace it is: names and values in turn. */
  said: readonly string[],
  requestId: string,
  from: ForwardedFrom,
  /** In bytes; `undefined` if the length is not known, or there is no body. */
  bodyLength: number | undefined,
) => string[]

export interface UpstreamHeadersOptions {
  /** What the upstream is told as `Host`. */
  readonly upstreamHost: string
  /** Headers of the client that are passed on in spite of what they say, in lower case. */
  readonly keepHeaders: readonly string[]
}

/** What a client sends under the gateway's own names is dropped, in any spelling that could be read as them. */
export function createUpstreamHeaders({ upstreamHost, keepHeaders }: UpstreamHeadersOptions): UpstreamHeaders {
  const kept = new Set(keepHeaders)
  return (raw, dropped, said, requestId, from, bodyLength) => {
    const headers = passedOnHeaders(raw, dropped, kept)
    headers.push(...said, SET_BY_GATEWAY.requestId, requestId, SET_BY_GATEWAY.clientAddress, from.address ?? '')
    headers.push(SET_BY_GATEWAY.calledHost, from.forwardedHost, SET_BY_GATEWAY.calledScheme, from.forwardedProto)
    headers.push(SET_BY_GATEWAY.upstreamHost, upstreamHost)
    if (bodyLength !== undefined) headers.push(SET_BY_GATEWAY.bodyLength, String(bodyLength))
    return headers
  }
}

const NONE: ReadonlySet<string> = new Set()

/**
 * The client's headers that are passed on: without those of the connection, of the signature where they are dropped,
 * and of ours, in whatever spelling an upstream would take for them.
 *
 * @param raw names and values in turn, as they came
 * @param dropped names in lower case
 * @param kept passed on in spite of what they say, in just this spelling
 */
export function passedOnHeaders(raw: readonly string[], dropped: ReadonlySet<string>, kept: ReadonlySet<string> = NONE): string[] {
  const named = namedByConnection(raw)
  const headers: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    const lower = name.toLowerCase()
    const read = asUpstreamReads(lower)
    if (!kept.has(lower)) {
      if (read.startsWith(IDENTITY_PREFIX) || dropped.has(read) || dropped.has(lower) || ABOUT_CLIENT_WORDS.test(read)) continue
      if (HOP_BY_HOP.has(read) || named.has(lower)) continue
    }
    headers.push(name, value)
  }
  return headers
}
