import type { AnswerHeaders } from 'countersign'
import { namedByConnection } from './connection-header.ts'
import { HOP_BY_HOP } from './header-names.ts'

/** What the gateway says with every answer. */
export interface SaidWithAnswer {
  readonly requestId: string
  /** That what was called is deprecated, say. */
  readonly announced: AnswerHeaders | undefined
  /** What becomes of the connection; `undefined`: it takes further requests. */
  readonly connection: 'close' | 'upgrade' | undefined
}

/**
 * The headers of an answer as they go to the client, whether it is an upstream's or the gateway's own: without those of
 * another connection, with the gateway's. What is announced goes before what the answer says of the same name.
 *
 * @param raw names and values in turn, as they came
 */
export function answerHeaders(raw: readonly (string | Buffer)[], { requestId, announced, connection }: SaidWithAnswer): string[] {
  const texts = raw.map(text => (typeof text === 'string' ? text : text.toString('latin1')))
  const named = namedByConnection(texts)
  const headers: string[] = []
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const [name = '', value = ''] = [texts[at], texts[at + 1]]
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || named.has(lower) || lower === 'x-request-id') continue
    // An answer may have further links, and one of everything else.
    if (announced?.[lower] !== undefined && lower !== 'link') continue
    headers.push(name, value)
  }
  if (announced !== undefined) headers.push(...Object.entries(announced).flat())
  headers.push('x-request-id', requestId)
  if (connection !== undefined) headers.push('connection', connection)
  if (connection === 'upgrade') headers.push('upgrade', 'websocket')
  return headers
}
