import type { SignedRequest } from '../sign/sign.ts'
import { sameBytes, utf8 } from '../wire/encoding.ts'

/** A curl line that sends exactly what was signed, for a POSIX shell. */
export function curlLine(signed: SignedRequest, headers: { readonly [name: string]: string } = {}): string {
  const all = Object.entries({ ...headers, ...signed.headers })
  const { body } = signed
  if (body !== undefined && !all.some(([name]) => name === 'content-type')) all.push(['content-type', 'application/json'])
  const curl = [
    'curl',
    '--globoff',
    ...(signed.method === 'GET' && body === undefined ? [] : ['-X', signed.method]),
    quote(signed.url),
    ...all.flatMap(([name, value]) => ['-H', quote(`${name}: ${value}`)]),
  ].join(' ')
  if (body === undefined) return curl
  // A shell's words are text without NUL; anything else goes through a pipe.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  if (!text.includes('\0') && sameBytes(utf8(text), body)) return `${curl} --data-raw ${quote(text)}`
  return `printf '${[...body].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}' | ${curl} --data-binary @-`
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
