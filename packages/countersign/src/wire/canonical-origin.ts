/** Scheme and host in lower case, and the scheme's own port left out (RFC 9421 §2.2.3). */
export function canonicalOrigin(origin: string): string {
  if (!/[A-Z]|:(?:80|443)$/.test(origin)) return origin
  const lower = origin.toLowerCase()
  return lower.startsWith('https:') || lower.startsWith('wss:') ? lower.replace(/:443$/, '') : lower.replace(/:80$/, '')
}
