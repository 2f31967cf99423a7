/**
 * In UTF-16 code units; a longer text is encoded slice by slice, since a platform's memory for one replacement is
 * small.
 */
const SLICE_LENGTH = 65_536

/** Everything but RFC 3986's unreserved characters, upper-case hexadecimal. Half a character is sent as U+FFFD. */
export function percentEncode(text: string): string {
  if (text.length <= SLICE_LENGTH) return encodeSlice(text)
  let encoded = ''
  for (let start = 0; start < text.length; ) {
    const last = text.charCodeAt(start + SLICE_LENGTH - 1)
    // A character of two code units is not cut in two.
    const end = start + SLICE_LENGTH - (last >= 0xd800 && last < 0xdc00 ? 1 : 0)
    encoded += encodeSlice(text.slice(start, end))
    start = end
  }
  return encoded
}

function encodeSlice(text: string): string {
  const encoded = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
  return /[!'()*]/.test(encoded) ? RESERVED_MARKS.reduce((all, [char, written]) => all.replaceAll(char, written), encoded) : encoded
}

/** What `encodeURIComponent` leaves though it is reserved. */
const RESERVED_MARKS = [
  ['!', '%21'],
  ["'", '%27'],
  ['(', '%28'],
  [')', '%29'],
  ['*', '%2A'],
] as const

/** The inverse; `undefined` for anything that {@link percentEncode} does not write. */
export function percentDecode(text: string): string | undefined {
  const decoded = decodeAnySpelling(text)
  return decoded !== undefined && percentEncode(decoded) === text ? decoded : undefined
}

/** Decodes text however it was encoded; `undefined` where its escapes do not stand for UTF-8. */
export function decodeAnySpelling(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
