import type { BytesEncoding } from '../wire/encoding.ts'
import type { Language } from './language.ts'
import { type Dialect, hasRawHash, print, printBytes } from './print.ts'
import type { Program } from './program.ts'

/** Node 18 and newer, nothing installed. */
export const node: Language = {
  name: 'node',
  title: 'Node.js',
  fileName: 'sign.mjs',
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const message = hasRawHash(program.message) ? printBytes(program.message, dialect) : print(program.message, dialect)
    const raw = isHmac ? `createHmac('${digest}', secret).update(message).digest()` : `sign('${digest}', Buffer.from(message), privateKey)`
    const functions = ['createHash', 'createHmac', 'randomBytes', 'randomUUID', 'sign']
    const body = [
      ...(program.used.has('keyId') ? ['const keyId = process.env.API_KEY'] : []),
      ...(isHmac ? secretLines(program) : ["const privateKey = readFileSync(process.env.PRIVATE_KEY_FILE, 'utf8')"]),
      ...(program.used.has('passphrase') ? ['const passphrase = process.env.API_PASSPHRASE'] : []),
      '',
      `const method = ${literal(program.method)}`,
      `const origin = ${literal(program.origin)}`,
      `const path = ${literal(program.path)}`,
      `${program.appended.length > 0 ? 'let' : 'const'} query = ${literal(program.query)}`,
      `${program.form.length > 0 ? 'let' : 'const'} body = ${literal(program.body ?? '')}`,
      ...(program.timestamp === undefined ? [] : [`const timestamp = ${timestamp(program.timestamp)}`]),
      ...(program.nonce === undefined ? [] : [`const nonce = ${nonce(program.nonce)}`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `const ${name} = ${generate === undefined ? literal(value ?? '') : nonce(generate)}`,
      ),
      '',
      ...program.form.map(({ name, value }) => `body = ${literal(`${name}=`)} + ${value} + (body === '' ? '' : '&' + body)`),
      ...program.appended.map(
        ({ name, recipe }) => `query += (query === '' ? '' : '&') + ${literal(`${name}=`)} + percentEncode(${print(recipe, dialect)})`,
      ),
      "const target = path + (query === '' ? '' : '?' + query)",
      `${program.signatureParameter === undefined ? 'const' : 'let'} url = origin + target`,
      ...(program.used.has('host') ? ["const host = origin.split('://')[1]"] : []),
      `const message = ${message}`,
      `const signature = ${encode(raw, program.signatureEncoding)}`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url += (query === '' ? '?' : '&') + ${literal(`${program.signatureParameter}=`)} + percentEncode(signature)`]),
      '',
      'const headers = {',
      ...(program.contentType === undefined ? [] : [`  'content-type': ${literal(program.contentType)},`]),
      ...program.headers.map(({ name, recipe }) => `  ${literal(name)}: ${print(recipe, dialect)},`),
      '}',
      `const response = await fetch(url, { method, headers${program.body === undefined ? '' : ', body'} })`,
      'console.log(await response.text())',
      'if (!response.ok) process.exitCode = 1',
    ].join('\n')
    const used = functions.filter(name => new RegExp(`\\b${name}\\(`).test(body))
    return [
      `// Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}`,
      `import { ${used.join(', ')} } from 'node:crypto'`,
      ...(isHmac ? [] : ["import { readFileSync } from 'node:fs'"]),
      '',
      body,
      ...(body.includes('percentEncode(')
        ? [
            '',
            'function percentEncode(text) {',
            "  return encodeURIComponent(text).replace(/[!'()*]/g, char => '%' + char.charCodeAt(0).toString(16).toUpperCase())",
            '}',
          ]
        : []),
      '',
    ].join('\n')
  },
}

function secretLines({ secret }: Program): readonly string[] {
  const source =
    secret.prefix === ''
      ? 'process.env.API_SECRET'
      : `process.env.API_SECRET.replace(/^${secret.prefix.replace(/[^A-Za-z0-9_]/g, '\\$&')}/, '')`
  // Node reads either base64 alphabet, padded or not.
  return [`const secret = Buffer.from(${source}, '${secret.encoding}')`]
}

function literal(text: string): string {
  return `'${text
    .replace(/[\\']/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/\0/g, '\\x00')
    .replace(/[\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16)}`)}'`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'Date.now()' : `Date.now() + ${aheadSeconds * 1000}`
  const date = aheadSeconds === 0 ? 'new Date()' : `new Date(${now})`
  switch (format) {
    case 'seconds':
      return `String(Math.floor((${now}) / 1000))`
    case 'milliseconds':
      return `String(${now})`
    case 'microseconds':
      return `String(${now}) + String(Math.floor(Math.random() * 900) + 100)`
    case 'nanoseconds':
      return `String(${now}) + String(Math.floor(Math.random() * 900000) + 100000)`
    case 'decimal-seconds':
      return `((${now}) / 1000).toFixed(3)`
    case 'iso8601':
      return `${date}.toISOString()`
    case 'iso8601-seconds':
      return `${date}.toISOString().slice(0, 19) + 'Z'`
    case 'iso8601-basic':
      return `${date}.toISOString().slice(0, 19).replace(/[-:]/g, '') + 'Z'`
    case 'http-date':
      return `${date}.toUTCString()`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return "randomBytes(16).toString('hex')"
    case 'random':
      return "randomBytes(16).toString('base64url')"
    case 'uuid':
      return 'randomUUID()'
    case 'milliseconds':
    case 'microseconds':
    case 'nanoseconds':
      return timestamp({ format, aheadSeconds: 0 })
  }
}

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
  hash: (digest, value) => `createHash('${digest}').update(${value}).digest()`,
  passphraseMac: digest => `createHmac('${digest}', secret).update(passphrase).digest()`,
  encode,
  toBytes: value => `Buffer.from(${value})`,
  concatBytes: bytes => `Buffer.concat([${bytes.join(', ')}])`,
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
    case 'base64':
    case 'base64url':
      return `${bytes}.toString('${encoding}')`
    case 'hex-upper':
      return `${bytes}.toString('hex').toUpperCase()`
    case 'base64-unpadded':
      return `${bytes}.toString('base64').replace(/=+$/, '')`
    case 'base64url-padded':
      return `${bytes}.toString('base64').replaceAll('+', '-').replaceAll('/', '_')`
  }
}
