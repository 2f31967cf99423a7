import type { Digest } from '../crypto/algorithm.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import { callsFunction, type Language } from './language.ts'
import { type Dialect, hasRawHash, print, printBytes } from './print.ts'
import type { Program } from './program.ts'

/**
 * A pre-request script for Postman: it signs the request of its tab and sets the headers. Credentials are variables of
 * the environment.
 */
export const postman: Language = {
  name: 'postman',
  title: 'Postman, a pre-request script',
  fileName: 'pre-request.js',
  findObstacle: ({ algorithm }) => (algorithm.family === 'key-pair' ? 'a Postman script has no key pairs at hand' : undefined),
  write(program) {
    const { digest } = program.algorithm
    const message = hasRawHash(program.message) ? printBytes(program.message, dialect) : print(program.message, dialect)
    const lines = [
      `// Signs the request it belongs to: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}`,
      `// Put it into Scripts > Pre-request, and api_key, api_secret${program.used.has('passphrase') ? ' and api_passphrase' : ''} into the environment.`,
      "const CryptoJS = require('crypto-js')",
      '',
      ...(program.used.has('keyId') ? ["const keyId = pm.environment.get('api_key')"] : []),
      ...secretLines(program),
      ...(program.used.has('passphrase') ? ["const passphrase = pm.environment.get('api_passphrase')"] : []),
      '',
      'const method = pm.request.method',
      'let url = pm.variables.replaceIn(pm.request.url.toString())',
      'const [, origin, rest] = /^(https?:\\/\\/[^\\/?]+)(.*)$/.exec(url)',
      "const [path, ...queries] = (rest === '' ? '/' : rest).split('?')",
      `${program.appended.length > 0 ? 'let' : 'const'} query = queries.join('?')`,
      `${program.form.length > 0 ? 'let' : 'const'} body = pm.variables.replaceIn(pm.request.body ? pm.request.body.toString() : '')`,
      ...(program.timestamp === undefined ? [] : [`const timestamp = ${timestamp(program.timestamp)}`]),
      ...(program.nonce === undefined ? [] : [`const nonce = ${nonce(program.nonce)}`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `const ${name} = ${generate === undefined ? literal(value ?? '') : nonce(generate)}`,
      ),
      '',
      ...program.form.flatMap(({ name, value }) => [
        `body = ${literal(`${name}=`)} + ${value} + (body === '' ? '' : '&' + body)`,
        "pm.request.body.update({ mode: 'raw', raw: body })",
      ]),
      ...program.appended.map(
        ({ name, recipe }) => `query += (query === '' ? '' : '&') + ${literal(`${name}=`)} + percentEncode(${print(recipe, dialect)})`,
      ),
      "const target = path + (query === '' ? '' : '?' + query)",
      'url = origin + target',
      ...(program.used.has('host') ? ["const host = origin.split('://')[1]"] : []),
      `const message = ${message}`,
      `const signature = ${encode(`CryptoJS.Hmac${digest.toUpperCase()}(message, secret)`, program.signatureEncoding)}`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url += (query === '' ? '?' : '&') + ${literal(`${program.signatureParameter}=`)} + percentEncode(signature)`]),
      ...(program.signatureParameter === undefined && program.appended.length === 0 ? [] : ['pm.request.url.update(url)']),
      '',
      ...(program.contentType === undefined
        ? []
        : [`pm.request.headers.upsert({ key: 'content-type', value: ${literal(program.contentType)} })`]),
      ...program.headers.map(
        ({ name, recipe }) => `pm.request.headers.upsert({ key: ${literal(name)}, value: ${print(recipe, dialect)} })`,
      ),
    ]
    const code = lines.join('\n')
    const helpers = HELPERS.filter(([name]) => callsFunction(code, name)).map(([, text]) => text)
    return `${[code, ...helpers].join('\n\n')}\n`
  },
}

const HELPERS: readonly (readonly [name: string, code: string])[] = [
  [
    'percentEncode',
    "function percentEncode(text) {\n  return encodeURIComponent(text).replace(/[!'()*]/g, char => '%' + char.charCodeAt(0).toString(16).toUpperCase())\n}",
  ],
  [
    'uuid',
    "function uuid() {\n  const hex = CryptoJS.lib.WordArray.random(16).toString()\n  return [hex.slice(0, 8), hex.slice(8, 12), '4' + hex.slice(13, 16), 'a' + hex.slice(17, 20), hex.slice(20)].join('-')\n}",
  ],
]

function secretLines({ secret }: Program): readonly string[] {
  const source =
    secret.prefix === ''
      ? "pm.environment.get('api_secret')"
      : `pm.environment.get('api_secret').replace(/^${secret.prefix.replace(/[^A-Za-z0-9_]/g, '\\$&')}/, '')`
  switch (secret.encoding) {
    case 'utf8':
      return [`const secret = CryptoJS.enc.Utf8.parse(${source})`]
    case 'hex':
      return [`const secret = CryptoJS.enc.Hex.parse(${source})`]
    case 'base64':
      return [
        '// Either base64 alphabet, padded or not.',
        `const secretText = ${source}.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '')`,
        "const secret = CryptoJS.enc.Base64.parse(secretText + '='.repeat((4 - (secretText.length % 4)) % 4))",
      ]
  }
}

function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t').replace(/\0/g, '\\x00')}'`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'Date.now()' : `(Date.now() + ${aheadSeconds * 1000})`
  switch (format) {
    case 'seconds':
      return `String(Math.floor(${now} / 1000))`
    case 'milliseconds':
      return `String(${now})`
    case 'microseconds':
      return `String(${now}) + String(Math.floor(Math.random() * 900) + 100)`
    case 'nanoseconds':
      return `String(${now}) + String(Math.floor(Math.random() * 900000) + 100000)`
    case 'decimal-seconds':
      return `(${now} / 1000).toFixed(3)`
    case 'iso8601':
      return `new Date(${now}).toISOString()`
    case 'iso8601-seconds':
      return `new Date(${now}).toISOString().slice(0, 19) + 'Z'`
    case 'iso8601-basic':
      return `new Date(${now}).toISOString().slice(0, 19).replace(/[-:]/g, '') + 'Z'`
    case 'http-date':
      return `new Date(${now}).toUTCString()`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'CryptoJS.lib.WordArray.random(16).toString()'
    case 'random':
      return encode('CryptoJS.lib.WordArray.random(16)', 'base64url')
    case 'uuid':
      return 'uuid()'
    case 'milliseconds':
    case 'microseconds':
    case 'nanoseconds':
      return timestamp({ format, aheadSeconds: 0 })
  }
}

const CRYPTO_JS: { readonly [D in Digest]: string } = { sha1: 'SHA1', sha256: 'SHA256', sha384: 'SHA384', sha512: 'SHA512' }

const dialect: Dialect = {
  literal,
  variable: name => name,
  concat: texts => texts.join(' + '),
  change: {
    lower: value => `${value}.toLowerCase()`,
    upper: value => `${value}.toUpperCase()`,
    'percent-encode': value => `percentEncode(${value})`,
    sorted: value => `${value}.split('&').sort().join('&')`,
  },
  hash: (digest, value) => `CryptoJS.${CRYPTO_JS[digest]}(${value})`,
  passphraseMac: digest => `CryptoJS.Hmac${CRYPTO_JS[digest]}(passphrase, secret)`,
  encode,
  toBytes: value => `CryptoJS.enc.Utf8.parse(${value})`,
  concatBytes: bytes => bytes.reduce((all, one) => `${all}.concat(${one})`),
}

function encode(bytes: string, encoding: BytesEncoding): string {
  const base64 = `CryptoJS.enc.Base64.stringify(${bytes})`
  switch (encoding) {
    case 'hex':
      return `CryptoJS.enc.Hex.stringify(${bytes})`
    case 'hex-upper':
      return `CryptoJS.enc.Hex.stringify(${bytes}).toUpperCase()`
    case 'base64':
      return base64
    case 'base64-unpadded':
      return `${base64}.replace(/=+$/, '')`
    case 'base64url':
      return `${base64}.replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '')`
    case 'base64url-padded':
      return `${base64}.replace(/\\+/g, '-').replace(/\\//g, '_')`
  }
}
