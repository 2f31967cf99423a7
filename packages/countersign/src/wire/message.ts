import { concatBytes, utf8 } from './encoding.ts'

/** What is signed: text, then one run of text or bytes, then text. So a body never has to be copied to be signed. */
export interface Message {
  readonly before: string
  readonly body: string | Uint8Array | undefined
  readonly after: string
}

export function messageBytes({ before, body, after }: Message): Uint8Array {
  if (body === undefined || typeof body === 'string') return utf8(before + (body ?? '') + after)
  return concatBytes([utf8(before), body, utf8(after)])
}

/** A message that is one text. */
export function textMessage(before: string): Message {
  return { before, body: undefined, after: '' }
}

/** A message that is one body. */
export function bodyMessage(body: string | Uint8Array | undefined): Message {
  return { before: '', body, after: '' }
}
