import type { BytesEncoding } from '../wire/encoding.ts'
import { type Language, makesNonce, snakeCase } from './language.ts'
import { type Dialect, print, printParts } from './print.ts'
import type { Program } from './program.ts'

/** Ruby 2.7 and newer, standard library only. */
export const ruby: Language = {
  name: 'ruby',
  title: 'Ruby',
  fileName: 'sign.rb',
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const lines = [
      `# Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}`,
      "require 'erb'",
      "require 'net/http'",
      "require 'openssl'",
      ...(makesNonce(program, 'any', 'hex', 'random', 'uuid') ? ["require 'securerandom'"] : []),
      '',
      ...(program.used.has('keyId') ? ["key_id = ENV.fetch('API_KEY')"] : []),
      ...(isHmac ? secretLines(program) : ["private_key = OpenSSL::PKey.read(File.read(ENV.fetch('PRIVATE_KEY_FILE')))"]),
      ...(program.used.has('passphrase') ? ["passphrase = ENV.fetch('API_PASSPHRASE')"] : []),
      '',
      `method = ${literal(program.method)}`,
      `origin = ${literal(program.origin)}`,
      `path = ${literal(program.path)}`,
      `query = ${literal(program.query)}`,
      `body = ${literal(program.body ?? '')}`,
      ...(program.timestamp === undefined ? [] : [`timestamp = ${timestamp(program.timestamp)}`]),
      ...(program.nonce === undefined ? [] : [`nonce = ${nonce(program.nonce)}`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `${snakeCase(name)} = ${generate === undefined ? literal(value ?? '') : nonce(generate)}`,
      ),
      '',
      ...program.form.map(({ name, value }) => `body = ${literal(`${name}=`)} + ${snakeCase(value)} + (body.empty? ? '' : '&' + body)`),
      ...program.appended.map(
        ({ name, recipe }) =>
          `query += (query.empty? ? '' : '&') + ${literal(`${name}=`)} + ERB::Util.url_encode(${print(recipe, dialect)})`,
      ),
      "target = path + (query.empty? ? '' : '?' + query)",
      'url = origin + target',
      ...(program.used.has('host') ? ["host = origin.split('://')[1]"] : []),
      `message = [${printParts(program.message, dialect).join(', ')}].map(&:b).join`,
      isHmac
        ? `signature = ${encode(`OpenSSL::HMAC.digest('${digest}', secret, message)`, program.signatureEncoding)}`
        : `signature = ${encode(`private_key.sign('${digest}', message)`, program.signatureEncoding)}`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url += (query.empty? ? '?' : '&') + ${literal(`${program.signatureParameter}=`)} + ERB::Util.url_encode(signature)`]),
      '',
      'headers = {',
      ...(program.contentType === undefined ? [] : [`  'content-type' => ${literal(program.contentType)},`]),
      ...program.headers.map(({ name, recipe }) => `  ${literal(name)} => ${print(recipe, dialect)},`),
      '}',
      'uri = URI(url)',
      `response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') do |http|`,
      `  http.send_request(method, url.delete_prefix(origin), ${program.body === undefined ? 'nil' : 'body'}, headers)`,
      'end',
      'puts response.body',
      'exit 1 unless response.is_a?(Net::HTTPSuccess)',
      '',
    ]
    return lines.join('\n')
  },
}

function secretLines({ secret }: Program): readonly string[] {
  const source = secret.prefix === '' ? "ENV.fetch('API_SECRET')" : `ENV.fetch('API_SECRET').delete_prefix(${literal(secret.prefix)})`
  const decoded = { utf8: source, hex: `[${source}].pack('H*')`, base64: `${source}.tr('-_', '+/').unpack1('m')` }[secret.encoding]
  return [`secret = ${decoded}`]
}

function literal(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what needs escapes
  if (!/[\u0000-\u001f]/.test(text)) return `'${text.replace(/[\\']/g, '\\$&')}'`
  return `"${text
    .replace(/[\\"#]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/\0/g, '\\x00')}"`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'Time.now.utc' : `(Time.now.utc + ${aheadSeconds})`
  switch (format) {
    case 'seconds':
      return `${now}.to_i.to_s`
    case 'milliseconds':
      return `${now}.strftime('%s%L')`
    case 'microseconds':
      return `${now}.strftime('%s%6N')`
    case 'nanoseconds':
      return `${now}.strftime('%s%9N')`
    case 'decimal-seconds':
      return `${now}.strftime('%s.%L')`
    case 'iso8601':
      return `${now}.strftime('%Y-%m-%dT%H:%M:%S.%LZ')`
    case 'iso8601-seconds':
      return `${now}.strftime('%Y-%m-%dT%H:%M:%SZ')`
    case 'iso8601-basic':
      return `${now}.strftime('%Y%m%dT%H%M%SZ')`
    case 'http-date':
      return `${now}.strftime('%a, %d %b %Y %H:%M:%S GMT')`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'SecureRandom.hex(16)'
    case 'random':
      return 'SecureRandom.urlsafe_base64(16)'
    case 'uuid':
      return 'SecureRandom.uuid'
    case 'milliseconds':
    case 'microseconds':
    case 'nanoseconds':
      return timestamp({ format, aheadSeconds: 0 })
  }
}

const dialect: Dialect = {
  literal,
  variable: snakeCase,
  concat: texts => texts.join(' + '),
  change: {
    lower: value => `${value}.downcase`,
    upper: value => `${value}.upcase`,
    'percent-encode': value => `ERB::Util.url_encode(${value})`,
    sorted: value => `${value}.split('&').sort.join('&')`,
  },
  hash: (digest, value) => `OpenSSL::Digest.digest('${digest}', ${value})`,
  passphraseMac: digest => `OpenSSL::HMAC.digest('${digest}', secret, passphrase)`,
  encode,
  toBytes: value => value,
  concatBytes: bytes => bytes.join(' + '),
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return `${bytes}.unpack1('H*')`
    case 'hex-upper':
      return `${bytes}.unpack1('H*').upcase`
    case 'base64':
      return `[${bytes}].pack('m0')`
    case 'base64-unpadded':
      return `[${bytes}].pack('m0').delete('=')`
    case 'base64url':
      return `[${bytes}].pack('m0').tr('+/', '-_').delete('=')`
    case 'base64url-padded':
      return `[${bytes}].pack('m0').tr('+/', '-_')`
  }
}
