/** Where two messages first differ. */
export interface Difference {
  /** In characters from the start. */
  readonly at: number
  /** What stands around it, on one line: control characters as they are escaped in JSON. */
  readonly expected: string
  readonly actual: string
  /** Spaces and a caret, to stand under either excerpt. */
  readonly pointer: string
  /** The bytes from there, in hexadecimal. */
  readonly expectedBytes: string
  readonly actualBytes: string
}

const BEFORE = 24
const AFTER = 40
const BYTES = 8
/** Bytes turned into text at once: a function takes a limited number of arguments. */
const PIECE = 8_192

/** `undefined` when they are the same. */
export function findDifference(expected: Uint8Array, actual: Uint8Array): Difference | undefined {
  const [a, b] = [textOf(expected), textOf(actual)]
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  if (at === a.length && at === b.length) return undefined
  const start = Math.max(0, at - BEFORE)
  const lead = start > 0 ? '…' : ''
  const shown = (text: string): string => lead + visible(text.slice(start, at + AFTER)) + (text.length > at + AFTER ? '…' : '')
  return {
    at,
    expected: shown(a),
    actual: shown(b),
    pointer: `${' '.repeat(lead.length + visible(a.slice(start, at)).length)}^`,
    expectedBytes: hexFrom(a, at),
    actualBytes: hexFrom(b, at),
  }
}

/** Bytes that are no UTF-8 are shown one character a byte. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    let text = ''
    for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
    return text
  }
}

function visible(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replace(/[\u007f-\u009f\ufeff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function hexFrom(text: string, at: number): string {
  return Array.from(new TextEncoder().encode(text.slice(at, at + BYTES)).slice(0, BYTES), byte => byte.toString(16).padStart(2, '0')).join(
    ' ',
  )
}
