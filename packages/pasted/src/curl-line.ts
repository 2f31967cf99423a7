import { split } from 'shlex'
import { PastedError, type PastedRequest, readHeaderLines, utf8 } from './pasted-request.ts'

/** Reads a file that a curl line names behind an @. */
export type ReadFile = (path: string) => Uint8Array

/** Curl's options that take a value, by their short names; of the others of them, the value would pass for the URL. */
const SHORT: { readonly [letter: string]: string } = {
  X: 'request',
  H: 'header',
  d: 'data',
  A: 'user-agent',
  e: 'referer',
  u: 'user',
  b: 'cookie',
  c: 'cookie-jar',
  o: 'output',
  w: 'write-out',
  m: 'max-time',
  x: 'proxy',
  E: 'cert',
  T: 'upload-file',
  D: 'dump-header',
  F: 'form',
  r: 'range',
  K: 'config',
}
const DATA = ['data', 'data-ascii', 'data-raw', 'data-binary', 'data-urlencode', 'json']
const WITH_VALUE = new Set([
  ...Object.values(SHORT),
  ...DATA,
  'url',
  'cacert',
  'capath',
  'ciphers',
  'connect-timeout',
  'connect-to',
  'key',
  'limit-rate',
  'max-redirs',
  'noproxy',
  'resolve',
  'retry',
  'retry-delay',
  'unix-socket',
  'aws-sigv4',
])

/**
 * The request that a curl line would send, with its quotes, continued lines and `$'…'` as a shell reads them.
 *
 * @throws PastedError `curl-malformed`, `header-malformed`; what `readFile` throws
 */
export function readCurlLine(line: string, readFile?: ReadFile): PastedRequest {
  let words: string[]
  try {
    words = split(line.trim().replace(/^\$\s+/, ''))
  } catch (error) {
    throw new PastedError('curl-malformed', `The curl line can't be read: ${error instanceof Error ? error.message : String(error)}.`)
  }
  return readCurlWords(words, readFile)
}

/**
 * The same, already split by a shell. @throws PastedError `curl-malformed`, `header-malformed`; what `readFile` throws
 */
export function readCurlWords(words: readonly string[], readFile: ReadFile = refuseFile): PastedRequest {
  const at = words.findIndex(word => /(^|\/)curl(\.exe)?$/.test(word))
  if (at < 0) throw new PastedError('curl-malformed', 'There is no curl in that line: paste it whole, from the word curl on.')
  const { options, plain } = readOptions(words.slice(at + 1))
  const last = (name: string): string | undefined => options.findLast(([own]) => own === name)?.[1]
  const has = (...names: readonly string[]): boolean => options.some(([own]) => names.includes(own))
  const url = last('url') ?? plain.find(word => word.trim() !== '')
  if (url === undefined) throw new PastedError('curl-malformed', 'There is no URL in that curl line.')
  const pieces = options.flatMap(([name, value]) => (DATA.includes(name) ? [dataOf(name, value, readFile)] : []))
  const body = pieces.length === 0 ? undefined : joinPieces(pieces, utf8(has('json') ? '' : '&'))
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  const isQuery = has('get', 'G') && body !== undefined
  return {
    method: last('request') ?? (has('head', 'I') ? 'HEAD' : body === undefined || isQuery ? 'GET' : 'POST'),
    url: isQuery ? `${full}${full.includes('?') ? '&' : '?'}${new TextDecoder().decode(body)}` : full,
    // A name with nothing behind it takes a header away.
    headers: readHeaderLines(options.filter(([name, value]) => name === 'header' && /^[^:;]+:/.test(value)).map(([, value]) => value)),
    body: isQuery ? undefined : body,
  }
}

function readOptions(words: readonly string[]): { options: [name: string, value: string][]; plain: string[] } {
  const options: [string, string][] = []
  const plain: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word.startsWith('--')) {
      const name = word.slice(2)
      options.push([name, WITH_VALUE.has(name) ? (words[++index] ?? '') : ''])
    } else if (/^-./.test(word)) {
      for (let letter = 1; letter < word.length; letter++) {
        const name = SHORT[word.charAt(letter)]
        if (name === undefined) {
          options.push([word.charAt(letter), ''])
          continue
        }
        options.push([name, word.slice(letter + 1) || (words[++index] ?? '')])
        break
      }
    } else plain.push(word)
  }
  return { options, plain }
}

function dataOf(option: string, value: string, readFile: ReadFile): Uint8Array {
  switch (option) {
    case 'data':
    case 'data-ascii':
      // Curl takes line breaks out of a file, unless it is told not to.
      return value.startsWith('@') ? readFile(value.slice(1)).filter(byte => byte !== 10 && byte !== 13 && byte !== 0) : utf8(value)
    case 'data-urlencode': {
      const [, name = '', content = ''] = /^([^=]*=)?([\s\S]*)$/.exec(value) ?? []
      return utf8((name === '=' ? '' : name) + encodeURIComponent(content))
    }
    case 'data-raw':
      return utf8(value)
    default:
      return value.startsWith('@') ? readFile(value.slice(1)) : utf8(value)
  }
}

function joinPieces(pieces: readonly Uint8Array[], separator: Uint8Array): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece, index) => (index === 0 ? [...piece] : [...separator, ...piece])))
}

function refuseFile(path: string): never {
  throw new PastedError('curl-malformed', `The body is in the file ${path}, which can't be read here: paste it in the place of @${path}.`)
}
