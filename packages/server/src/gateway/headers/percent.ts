/** Percent-decoded; text that isn't percent-encoded UTF-8 stays as it is, as lenient upstreams read it. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
