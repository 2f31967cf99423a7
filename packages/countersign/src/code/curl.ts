import { hashOf, type Recipe } from '../recipe/recipe.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import { type Language, snakeCase } from './language.ts'
import { type Dialect, partsPrinted, print } from './print.ts'
import type { Program } from './program.ts'

/** bash with openssl and curl. A message goes through pipes, so that it may hold any byte. */
export const curl: Language = {
  name: 'curl',
  title: 'bash, openssl and curl',
  fileName: 'sign.sh',
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const lines = [
      '#!/usr/bin/env bash',
      `# Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}`,
      'set -euo pipefail',
      '',
      ...(program.used.has('keyId') ? ['key_id=$API_KEY'] : []),
      ...(isHmac ? secretLines(program) : ['private_key_file=$PRIVATE_KEY_FILE']),
      ...(program.used.has('passphrase') ? ['passphrase=$API_PASSPHRASE'] : []),
      '',
      `method=${literal(program.method)}`,
      `origin=${literal(program.origin)}`,
      `path=${literal(program.path)}`,
      `query=${literal(program.query)}`,
      `body=${literal(program.body ?? '')}`,
      ...(program.timestamp === undefined ? [] : [`timestamp=$(${timestamp(program.timestamp)})`]),
      ...(program.nonce === undefined ? [] : [`nonce=$(${nonce(program.nonce)})`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `${snakeCase(name)}=${generate === undefined ? literal(value ?? '') : `$(${nonce(generate)})`}`,
      ),
      '',
      ...(needsPercentEncode(program) ? PERCENT_ENCODE : []),
      ...program.form.map(({ name, value }) => `body="${name}=$${snakeCase(value)}\${body:+&$body}"`),
      ...program.appended.map(({ name, recipe }) => `query="\${query:+$query&}${name}=$(percent_encode ${print(recipe, dialect)})"`),
      `target="$path\${query:+?$query}"`,
      'url="$origin$target"',
      ...(program.used.has('host') ? [`host=\${origin#*://}`] : []),
      'message() {',
      ...partsPrinted(program.message).map(part => `  ${printed(part)}`),
      '}',
      isHmac
        ? `signature=$(message | openssl dgst -${digest} -mac HMAC -macopt "hexkey:$secret" -binary | ${encode(program.signatureEncoding)})`
        : `signature=$(message | openssl dgst -${digest} -sign "$private_key_file" -binary | ${encode(program.signatureEncoding)})`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url="$url$([ -n "$query" ] && echo '&' || echo '?')${program.signatureParameter}=$(percent_encode "$signature")"`]),
      '',
      `curl --silent --show-error --fail-with-body --globoff --path-as-is -X "$method" "$url" \\`,
      ...(program.contentType === undefined ? [] : [`  -H ${literal(`content-type: ${program.contentType}`)} \\`]),
      ...program.headers.map(({ name, recipe }) => `  -H ${literal(`${name}: `)}${print(recipe, dialect)} \\`),
      program.body === undefined ? '  --output -' : '  --data-raw "$body"',
      '',
    ]
    return lines.join('\n')
  },
}

const PERCENT_ENCODE = [
  'percent_encode() {',
  '  local LC_ALL=C byte char',
  `  for byte in $(printf '%s' "$1" | od -An -v -tx1); do`,
  '    printf -v char "\\\\x$byte"',
  `    case $char in [A-Za-z0-9._~-]) printf '%s' "$char" ;; *) printf '%%%s' "\${byte^^}" ;; esac`,
  '  done',
  '}',
  '',
]

function needsPercentEncode(program: Program): boolean {
  return (
    program.appended.length > 0 ||
    program.signatureParameter !== undefined ||
    JSON.stringify([program.message, program.headers]).includes('percent-encode')
  )
}

function secretLines({ secret }: Program): readonly string[] {
  const source = secret.prefix === '' ? '$API_SECRET' : `\${API_SECRET#${secret.prefix}}`
  const hex = 'od -An -v -tx1 | tr -d " \\n"'
  if (secret.encoding === 'hex') return ['# The secret in hexadecimal, for openssl.', `secret=${source}`]
  if (secret.encoding === 'utf8') return ['# The secret in hexadecimal, for openssl.', `secret=$(printf '%s' "${source}" | ${hex})`]
  return [
    '# The secret in hexadecimal, for openssl. Either base64 alphabet, padded or not.',
    `secret_text=$(printf '%s' "${source}" | tr -- '-_' '+/' | tr -d =)`,
    `secret=$(printf '%s%s' "$secret_text" "$(printf '%*s' $(((4 - \${#secret_text} % 4) % 4)) '' | tr ' ' =)" | openssl base64 -d -A | ${hex})`,
  ]
}

function literal(text: string): string {
  if (/^[A-Za-z0-9_.:/-]+$/.test(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what needs the escapes of $'…'
  if (!/[\u0000-\u001f]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`
  return `$'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}'`
}

/** A command that prints a part, byte for byte. */
function printed(part: Recipe): string {
  if (part.op === 'text') return `printf ${printfLiteral(part.text)}`
  const hash = hashOf(part)
  if (hash !== undefined) {
    const inner = partsPrinted(hash.of).map(printed).join('; ')
    return `{ ${inner}; } | openssl dgst -${hash.digest} -binary${hash.encoding === 'raw' ? '' : ` | ${encode(hash.encoding)}`}`
  }
  return `printf '%s' ${print(part, dialect)}`
}

function printfLiteral(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('\0', '\\000')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return escaped.startsWith('-') ? `-- '${escaped.replaceAll("'", "'\\''")}'` : `'${escaped.replaceAll("'", "'\\''")}'`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const ahead = aheadSeconds === 0 ? '' : ` -d '+${aheadSeconds} seconds'`
  const formats = {
    seconds: '+%s',
    milliseconds: '+%s%3N',
    microseconds: '+%s%6N',
    nanoseconds: '+%s%N',
    'decimal-seconds': '+%s.%3N',
    iso8601: '+%Y-%m-%dT%H:%M:%S.%3NZ',
    'iso8601-seconds': '+%Y-%m-%dT%H:%M:%SZ',
    'iso8601-basic': '+%Y%m%dT%H%M%SZ',
    'http-date': "'+%a, %d %b %Y %H:%M:%S GMT'",
  }
  return `${format === 'http-date' ? 'LC_ALL=C ' : ''}date -u${ahead} ${formats[format]}`
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'openssl rand -hex 16'
    case 'random':
      return "openssl rand -base64 16 | tr '+/' '-_' | tr -d '='"
    case 'uuid':
      return "openssl rand -hex 16 | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/\\1-\\2-4\\3-a\\4-\\5/'"
    case 'milliseconds':
    case 'microseconds':
    case 'nanoseconds':
      return timestamp({ format, aheadSeconds: 0 })
  }
}

const dialect: Dialect = {
  literal,
  variable: name => `"$${snakeCase(name)}"`,
  concat: texts => texts.join(''),
  change: {
    lower: value => `"$(printf '%s' ${value} | tr '[:upper:]' '[:lower:]')"`,
    upper: value => `"$(printf '%s' ${value} | tr '[:lower:]' '[:upper:]')"`,
    'percent-encode': value => `"$(percent_encode ${value})"`,
    sorted: value => `"$(printf '%s' ${value} | tr '&' '\\n' | LC_ALL=C sort | paste -s -d '&' -)"`,
  },
  hash: (digest, value) => `printf '%s' ${value} | openssl dgst -${digest} -binary`,
  passphraseMac: digest => `printf '%s' "$passphrase" | openssl dgst -${digest} -mac HMAC -macopt "hexkey:$secret" -binary`,
  encode: (bytes, encoding) => `"$(${bytes} | ${encode(encoding)})"`,
  toBytes: value => value,
  concatBytes: bytes => bytes.join(''),
}

/** A filter from bytes to text. */
function encode(encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return 'od -An -v -tx1 | tr -d " \\n"'
    case 'hex-upper':
      return 'od -An -v -tx1 | tr -d " \\n" | tr a-f A-F'
    case 'base64':
      return 'openssl base64 -A'
    case 'base64-unpadded':
      return 'openssl base64 -A | tr -d ='
    case 'base64url':
      return "openssl base64 -A | tr '+/' '-_' | tr -d ="
    case 'base64url-padded':
      return "openssl base64 -A | tr '+/' '-_'"
  }
}
