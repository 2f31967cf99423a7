const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * The one spelling of base64, of a text that may lack its padding, or have bits in it that no byte uses; `undefined`
 * for a length that nothing has. It is for formats whose readers have to be lenient (RFC 9651 §4.2.7).
 *
 * @param text digits of base64 (RFC 4648 §4), and at most two equals signs behind them
 */
export function canonicalBase64(text: string): string | undefined {
  const { length } = text
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const over = (length - padding) % 4
  if (over === 1 || (padding > 0 && length % 4 !== 0)) return undefined
  if (over === 0) return padding === 0 ? text : undefined
  const last = DIGITS.indexOf(text.charAt(length - padding - 1))
  const used = last & (over === 2 ? 0x30 : 0x3c)
  if (used === last && padding > 0) return text
  return text.slice(0, length - padding - 1) + DIGITS.charAt(used) + (over === 2 ? '==' : '=')
}
