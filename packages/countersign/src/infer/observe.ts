import type { Digest } from '../crypto/algorithm.ts'
import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import { type BytesEncoding, decodeStrictly, encode } from '../wire/encoding.ts'
import { headerLines } from '../wire/header-lines.ts'
import { parseTimestamp, TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'
import { decodeAnySpelling } from '../wire/percent.ts'
import type { TimestampFormat } from '../wire/timestamp.ts'
import { queryOf } from '../wire/url.ts'
import type { SignedExample } from './example.ts'

/** A value that the example carries, with what stands around it. */
export interface Carried {
  readonly in: 'header' | 'query'
  readonly name: string
  /** In a list, the item's place; the whole value is 0. */
  readonly item: number
  readonly before: string
  readonly value: string
  readonly after: string
  /** Undefined where the value stands alone. */
  readonly list: { readonly prefix: string; readonly separator: string; readonly length: number } | undefined
}

/** A value that is as long as a signature. */
export interface SignatureSighting {
  readonly carried: Carried
  readonly encoding: BytesEncoding
  readonly digest: Digest
  readonly hex: string
  /** Other encodings in which it would be spelled just so. */
  readonly alike: readonly BytesEncoding[]
}

/** Headers that every client sends, and no scheme signs as its own. */
const ORDINARY =
  /^(host|accept|accept-.*|content-length|content-type|content-encoding|user-agent|connection|cookie|origin|referer|sec-.*|cache-control|pragma|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|via|dnt|priority)$/

/** In the order of how likely they are where several fit. */
const ENCODINGS: readonly BytesEncoding[] = ['hex', 'hex-upper', 'base64', 'base64url', 'base64-unpadded', 'base64url-padded']

/** Everything that may belong to a scheme, taken apart. */
export function observe({ headers, url }: Pick<SignedExample, 'headers' | 'url'>): readonly Carried[] {
  const carried: Carried[] = []
  for (const [name, value] of headerLines(headers)) {
    const lower = name.toLowerCase()
    if (!ORDINARY.test(lower)) carried.push(...takeApart('header', lower, value.trim()))
  }
  for (const pair of queryOf(url.replace(/^[a-z]+:\/\/[^/?#]+/i, '')).split('&')) {
    const [name = '', value = ''] = pair.split('=', 2)
    if (value !== '')
      carried.push({ in: 'query', name, item: 0, before: '', value: decodeAnySpelling(value) ?? value, after: '', list: undefined })
  }
  return carried
}

function takeApart(place: 'header', name: string, value: string): readonly Carried[] {
  const alone = { in: place, name, item: 0, list: undefined }
  const [, label = '', rest = value] = /^((?:sha\d+|v\d+|hmac-?sha\d+|signature)[=,:]|[A-Za-z][\w-]* (?=\S))(.*)$/i.exec(value) ?? []
  const found: Carried[] = [{ ...alone, before: '', value, after: '' }]
  if (label !== '') found.push({ ...alone, before: label, value: rest, after: '' })
  const prefix = label.endsWith(' ') ? label : ''
  const listed = prefix === '' ? value : rest
  for (const separator of [', ', ',', '; ', ';', '&', ' ']) {
    const items = listed.split(separator).map(item => /^([\w-]+=)("?)(.*?)\2$/.exec(item))
    if (items.length < 2 || items.some(item => item === null)) continue
    for (const [index, item] of items.entries()) {
      const [, start = '', quote = '', inner = ''] = item ?? []
      const list = { prefix, separator, length: items.length }
      found.push({ in: place, name, item: index, before: start + quote, value: inner, after: quote, list })
    }
    break
  }
  return found
}

/** Every value that may be the signature, the surer first: a name that says so. */
export function findSignatures(carried: readonly Carried[]): readonly SignatureSighting[] {
  const found: SignatureSighting[] = []
  for (const one of carried) {
    const fitting = ENCODINGS.flatMap(encoding => {
      const bytes = decodeStrictly(one.value, encoding)
      const digest = bytes === undefined ? undefined : digestOf(bytes.length)
      return bytes === undefined || digest === undefined ? [] : [{ encoding, digest, hex: encode(bytes, 'hex') }]
    })
    for (const { encoding, digest, hex } of fitting) {
      const isRepeated = found.some(other => other.carried === one && other.hex === hex)
      const alike = fitting.filter(other => other.hex === hex && other.encoding !== encoding).map(other => other.encoding)
      if (!isRepeated) found.push({ carried: one, encoding, digest, hex, alike })
    }
  }
  const rank = ({ carried: { name, before } }: SignatureSighting): number => (/sig|hmac|hash|mac|auth/i.test(name + before) ? 0 : 1)
  return found.sort((a, b) => rank(a) - rank(b))
}

export function timestampFormatOf(value: string): TimestampFormat | undefined {
  return TIMESTAMP_FORMATS.find(format => parseTimestamp(value, [format]) !== undefined)
}

function digestOf(length: number): Digest | undefined {
  return (Object.keys(DIGEST_BYTES) as Digest[]).find(digest => DIGEST_BYTES[digest] === length)
}
