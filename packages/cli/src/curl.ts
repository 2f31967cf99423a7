import type { SignedRequest } from 'countersign'

/** A curl line that sends exactly what was signed, for a POSIX shell. */
export function curlLine(signed: SignedRequest, headers: { readonly [name: string]: string } = {}): string {
  const all = Object.entries({ ...headers, ...signed.headers })
  const words = [
    'curl',
    '--globoff',
    ...(signed.method === 'GET' && signed.body === undefined ? [] : ['-X', signed.method]),
    quote(signed.url),
    ...all.flatMap(([name, value]) => ['-H', quote(`${name}: ${value}`)]),
  ]
  if (signed.body !== undefined) {
    if (!all.some(([name]) => name === 'content-type')) words.push('-H', quote('content-type: application/json'))
    words.push('--data-binary', quoteBytes(signed.body))
  }
  return words.join(' ')
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A body that is no plain text is written with the escapes of `$'…'`. One that begins with @ would be taken as a file. */
function quoteBytes(body: Uint8Array): string {
  const text = new TextDecoder().decode(body)
  const plain = !text.includes('\0') && !text.startsWith('@') && Buffer.from(text).equals(body)
  return plain ? quote(text) : `"$(printf '${[...body].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}')"`
}
