import { parseArgs } from 'node:util'
import { split } from 'shlex'
import { UsageError } from '../exit.ts'
import { readHeaders } from '../request.ts'
import { readBytesFile } from '../streams.ts'
import type { PastedRequest } from './pasted-request.ts'

/** Curl's options that take a value and have nothing to do with what is signed; without them, a value would pass for the URL. */
const OTHER_OPTIONS_WITH_VALUE = [
  'cacert',
  'capath',
  'cert',
  'ciphers',
  'connect-timeout',
  'connect-to',
  'cookie-jar',
  'key',
  'limit-rate',
  'max-redirs',
  'noproxy',
  'proxy',
  'resolve',
  'retry',
  'retry-delay',
  'unix-socket',
  'aws-sigv4',
  'dump-header',
  'form',
]
const SHORT_WITH_VALUE = {
  c: 'cookie-jar',
  o: 'output',
  w: 'write-out',
  m: 'max-time',
  x: 'proxy',
  E: 'cert',
  T: 'upload-file',
  D: 'dump-header',
  F: 'form',
}

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const OPTIONS = {
  request: { ...text, short: 'X' },
  url: text,
  header: { ...texts, short: 'H' },
  data: { ...texts, short: 'd' },
  'data-ascii': texts,
  'data-raw': texts,
  'data-binary': texts,
  'data-urlencode': texts,
  json: texts,
  get: { type: 'boolean', short: 'G' },
  head: { type: 'boolean', short: 'I' },
  'user-agent': { ...text, short: 'A' },
  referer: { ...text, short: 'e' },
  user: { ...text, short: 'u' },
  cookie: { ...text, short: 'b' },
  ...Object.fromEntries(OTHER_OPTIONS_WITH_VALUE.map(name => [name, texts])),
  ...Object.fromEntries(Object.entries(SHORT_WITH_VALUE).map(([short, name]) => [name, { ...texts, short }])),
} as const

/**
 * The request that a curl line would send, with its quotes, continued lines and `$'…'` as a shell reads them.
 *
 * @throws UsageError `curl-malformed`; what a file named in it does: `file-unreadable`
 */
export function readCurlLine(line: string): PastedRequest {
  let words: string[]
  try {
    words = split(line.trim().replace(/^\$\s+/, ''))
  } catch (error) {
    throw new UsageError('curl-malformed', `The curl line can not be read: ${error instanceof Error ? error.message : String(error)}.`)
  }
  return readCurlWords(words)
}

/** The same, split by the shell. @throws UsageError `curl-malformed` */
export function readCurlWords(words: readonly string[]): PastedRequest {
  const at = words.findIndex(word => /(^|\/)curl(\.exe)?$/.test(word))
  if (at < 0) throw new UsageError('curl-malformed', 'There is no curl in that line: paste it whole, from the word curl on.')
  const { values, positionals, tokens } = parseArgs({
    args: [...words.slice(at + 1)],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const url = typeof values.url === 'string' ? values.url : positionals.find(word => word.trim() !== '')
  if (url === undefined) throw new UsageError('curl-malformed', 'There is no URL in that curl line.')
  const pieces = tokens.flatMap(token =>
    token.kind === 'option' && typeof token.value === 'string' ? dataOf(token.name, token.value) : [],
  )
  const body =
    pieces.length === 0 ? undefined : joinPieces(pieces, tokens.some(token => token.kind === 'option' && token.name === 'json') ? '' : '&')
  const headers = readHeaders(
    ((values.header ?? []) as (string | boolean)[]).filter(header => typeof header === 'string').filter(header => /^[^:;]+:/.test(header)),
  )
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  const asQuery = values.get === true && body !== undefined
  return {
    method:
      typeof values.request === 'string' ? values.request : values.head === true ? 'HEAD' : body === undefined || asQuery ? 'GET' : 'POST',
    url: (asQuery ? `${full}${full.includes('?') ? '&' : '?'}${body}` : full).replace(/#.*$/, ''),
    headers,
    body: asQuery ? undefined : body,
  }
}

function dataOf(option: string, value: string): Buffer[] {
  switch (option) {
    case 'data':
    case 'data-ascii':
      // Curl takes line breaks out of a file, unless it is told not to.
      return [
        value.startsWith('@')
          ? Buffer.from(readBytesFile(value.slice(1), 'body file').filter(byte => byte !== 10 && byte !== 13 && byte !== 0))
          : Buffer.from(value),
      ]
    case 'data-binary':
    case 'json':
      return [value.startsWith('@') ? Buffer.from(readBytesFile(value.slice(1), 'body file')) : Buffer.from(value)]
    case 'data-raw':
      return [Buffer.from(value)]
    case 'data-urlencode': {
      const [, name = '', content = ''] = /^([^=]*=)?([\s\S]*)$/.exec(value) ?? []
      return [Buffer.from((name === '=' ? '' : name) + encodeURIComponent(content))]
    }
    default:
      return []
  }
}

function joinPieces(pieces: readonly Buffer[], separator: string): Buffer {
  return Buffer.concat(pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from(separator), piece])))
}
