import { HOP_BY_HOP, namedByConnection } from '@countersign/server/proxying'

/** The length is that of the bytes that are sent; and nobody waits for a 100 that has been given already. */
const MADE_ANEW: ReadonlySet<string> = new Set(['content-length', 'expect'])

export interface RequestHeaderOptions {
  /** Replaces `Host`. Left out: it stays, since it is signed. */
  readonly host: string | undefined
  readonly body: Uint8Array | undefined
}

/**
 * The headers of a request as they came, in their order and spelling.
 *
 * @param raw names and values in turn
 */
export function requestHeaders(raw: readonly string[], { host, body }: RequestHeaderOptions): string[] {
  const hadLength = pairsOf(raw).some(([name]) => name.toLowerCase() === 'content-length')
  const length = body?.length ?? (hadLength ? 0 : undefined)
  return [
    ...pairsOf(raw)
      .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !MADE_ANEW.has(name.toLowerCase()))
      .flatMap(([name, value]) => [name, host !== undefined && name.toLowerCase() === 'host' ? host : value]),
    ...(length === undefined ? [] : ['Content-Length', String(length)]),
  ]
}

/**
 * The headers of an answer as they came, but for those of its connection; its length too: a HEAD's answer has one and
 * no body.
 */
export function answerHeaders(raw: readonly string[]): string[] {
  const named = namedByConnection(raw)
  return pairsOf(raw)
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
    .flat()
}

function pairsOf(raw: readonly string[]): (readonly [name: string, value: string])[] {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? ''])
}
