import type { SignedRequest } from 'countersign'
import type { SendError, SendRequest, Sent } from '../server/send.ts'

const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''

/**
 * Sends through the local server, which knows no CORS. The signature goes with it; the secret does not. @throws Error
 * with what to tell
 */
export async function send(signed: SignedRequest, signal: AbortSignal): Promise<Sent> {
  const { method, url, headers, body } = signed
  const contentType = body === undefined || 'content-type' in headers ? {} : { 'content-type': 'application/json' }
  const request: SendRequest = {
    method,
    url,
    headers: { ...contentType, ...headers },
    body: body === undefined ? null : toBase64(body),
  }
  const response = await fetch('./api/send', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', 'x-countersign-token': token },
    body: JSON.stringify(request),
  })
  const answer: Sent | SendError = await response.json()
  if ('error' in answer) throw new Error(answer.error.message)
  return { ...answer, body: new TextDecoder().decode(Uint8Array.from(atob(answer.body), char => char.charCodeAt(0))) }
}

/** JSON indented, its numbers digit for digit as they came; other text as it is. */
export function pretty(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  const indented = text.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, token => {
    if (/^\s+$/.test(token)) return ''
    if (/^[{[]\s+[}\]]$/.test(token)) return token.replace(/\s/g, '')
    if (token === '{' || token === '[') {
      depth++
      return token + line()
    }
    if (token === '}' || token === ']') {
      depth--
      return line() + token
    }
    return token === ',' ? token + line() : token === ':' ? ': ' : token
  })
  return indented
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
}
