import type { BytesEncoding } from '../wire/encoding.ts'
import type { Language } from './language.ts'
import { type Dialect, print, printParts } from './print.ts'
import type { Program } from './program.ts'

/** PHP 8, without extensions but the usual openssl. */
export const php: Language = {
  name: 'php',
  title: 'PHP',
  fileName: 'sign.php',
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const lines = [
      '<?php',
      `// Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}`,
      '',
      ...(program.used.has('keyId') ? ["$keyId = getenv('API_KEY');"] : []),
      ...(isHmac ? secretLines(program) : ["$privateKey = file_get_contents(getenv('PRIVATE_KEY_FILE'));"]),
      ...(program.used.has('passphrase') ? ["$passphrase = getenv('API_PASSPHRASE');"] : []),
      '',
      `$method = ${literal(program.method)};`,
      `$origin = ${literal(program.origin)};`,
      `$path = ${literal(program.path)};`,
      `$query = ${literal(program.query)};`,
      `$body = ${literal(program.body ?? '')};`,
      ...(program.timestamp === undefined ? [] : ['$now = microtime(true);', `$timestamp = ${timestamp(program.timestamp)};`]),
      ...(program.nonce === undefined ? [] : [`$nonce = ${nonce(program.nonce)};`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `$${name} = ${generate === undefined ? literal(value ?? '') : nonce(generate)};`,
      ),
      '',
      ...program.form.map(({ name, value }) => `$body = ${literal(`${name}=`)} . $${value} . ($body === '' ? '' : '&' . $body);`),
      ...program.appended.map(
        ({ name, recipe }) => `$query .= ($query === '' ? '' : '&') . ${literal(`${name}=`)} . rawurlencode(${print(recipe, dialect)});`,
      ),
      "$target = $path . ($query === '' ? '' : '?' . $query);",
      '$url = $origin . $target;',
      ...(program.used.has('host') ? ["$host = explode('://', $origin)[1];"] : []),
      `$message = ${printParts(program.message, dialect).join(' . ')};`,
      ...(isHmac
        ? [`$signature = ${encode(`hash_hmac('${digest}', $message, $secret, true)`, program.signatureEncoding)};`]
        : [`openssl_sign($message, $raw, $privateKey, '${digest}');`, `$signature = ${encode('$raw', program.signatureEncoding)};`]),
      ...(program.signatureParameter === undefined
        ? []
        : [`$url .= ($query === '' ? '?' : '&') . ${literal(`${program.signatureParameter}=`)} . rawurlencode($signature);`]),
      '',
      '$headers = [',
      ...(program.contentType === undefined ? [] : [`    ${literal(`content-type: ${program.contentType}`)},`]),
      ...program.headers.map(({ name, recipe }) => `    ${literal(`${name}: `)} . ${print(recipe, dialect)},`),
      '];',
      "$options = ['method' => $method, 'header' => $headers, 'content' => $body, 'ignore_errors' => true];",
      'echo file_get_contents($url, false, stream_context_create([\'http\' => $options])), "\\n";',
      "exit(preg_match('~ 2\\d\\d ~', $http_response_header[0]) ? 0 : 1);",
      '',
    ]
    return lines.join('\n')
  },
}

function secretLines({ secret }: Program): readonly string[] {
  const source = secret.prefix === '' ? "getenv('API_SECRET')" : `preg_replace(${literal(`/^${secret.prefix}/`)}, '', getenv('API_SECRET'))`
  const decoded = { utf8: source, hex: `hex2bin(${source})`, base64: `base64_decode(strtr(${source}, '-_', '+/'))` }[secret.encoding]
  return [`$secret = ${decoded};`]
}

/** Double quotes only where an escape is needed. */
function literal(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what needs escapes
  if (!/[\u0000-\u001f]/.test(text)) return `'${text.replace(/[\\']/g, '\\$&')}'`
  return `"${text
    .replace(/[\\"$]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/\0/g, '\\x00')}"`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? '$now' : `($now + ${aheadSeconds})`
  switch (format) {
    case 'seconds':
      return `(string) (int) ${now}`
    case 'milliseconds':
      return `(string) (int) (${now} * 1000)`
    case 'microseconds':
      return `(string) (int) (${now} * 1000000)`
    case 'nanoseconds':
      return `(int) (${now} * 1000000) . random_int(100, 999)`
    case 'decimal-seconds':
      return `number_format(${now}, 3, '.', '')`
    case 'iso8601':
      return `gmdate('Y-m-d\\TH:i:s', (int) ${now}) . sprintf('.%03dZ', (int) (fmod(${now}, 1) * 1000))`
    case 'iso8601-seconds':
      return `gmdate('Y-m-d\\TH:i:s\\Z', (int) ${now})`
    case 'iso8601-basic':
      return `gmdate('Ymd\\THis\\Z', (int) ${now})`
    case 'http-date':
      return `gmdate('D, d M Y H:i:s \\G\\M\\T', (int) ${now})`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'bin2hex(random_bytes(16))'
    case 'random':
      return "rtrim(strtr(base64_encode(random_bytes(16)), '+/', '-_'), '=')"
    case 'uuid':
      return "vsprintf('%s%s-%s-4%s-a%s-%s%s%s', array_map(fn ($part, $cut) => substr($part, $cut), str_split(bin2hex(random_bytes(16)), 4), [0, 0, 0, 1, 1, 0, 0, 0]))"
    case 'milliseconds':
      return '(string) (int) (microtime(true) * 1000)'
    case 'microseconds':
      return '(string) (int) (microtime(true) * 1000000)'
    case 'nanoseconds':
      return '(int) (microtime(true) * 1000000) . random_int(100, 999)'
  }
}

const dialect: Dialect = {
  literal,
  variable: name => `$${name}`,
  concat: texts => texts.join(' . '),
  change: {
    lower: value => `strtolower(${value})`,
    upper: value => `strtoupper(${value})`,
    'percent-encode': value => `rawurlencode(${value})`,
    sorted: value => `(function ($pairs) { sort($pairs, SORT_STRING); return implode('&', $pairs); })(explode('&', ${value}))`,
  },
  hash: (digest, value) => `hash('${digest}', ${value}, true)`,
  passphraseMac: digest => `hash_hmac('${digest}', $passphrase, $secret, true)`,
  encode,
  toBytes: value => value,
  concatBytes: bytes => bytes.join(' . '),
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return `bin2hex(${bytes})`
    case 'hex-upper':
      return `strtoupper(bin2hex(${bytes}))`
    case 'base64':
      return `base64_encode(${bytes})`
    case 'base64-unpadded':
      return `rtrim(base64_encode(${bytes}), '=')`
    case 'base64url':
      return `rtrim(strtr(base64_encode(${bytes}), '+/', '-_'), '=')`
    case 'base64url-padded':
      return `strtr(base64_encode(${bytes}), '+/', '-_')`
  }
}
