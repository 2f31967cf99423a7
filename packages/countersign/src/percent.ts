/** Everything but RFC 3986's unreserved characters, upper-case hexadecimal. Half a character is sent as U+FFFD. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The inverse; `undefined` for anything that {@link percentEncode} does not write. */
export function percentDecode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return percentEncode(decoded) === text ? decoded : undefined
  } catch {
    return undefined
  }
}
