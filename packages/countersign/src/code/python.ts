import type { BytesEncoding } from '../wire/encoding.ts'
import { type Language, snakeCase } from './language.ts'
import { type Dialect, hasRawHash, print, printBytes } from './print.ts'
import type { Program } from './program.ts'

/** Python 3.8 and newer, standard library only; key pairs through the openssl command. */
export const python: Language = {
  name: 'python',
  title: 'Python',
  fileName: 'sign.py',
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const digest = program.algorithm.digest
    const lines = [
      ...(program.used.has('keyId') ? ['key_id = os.environ["API_KEY"]'] : []),
      ...(isHmac ? secretLines(program) : ['private_key_file = os.environ["PRIVATE_KEY_FILE"]']),
      ...(program.used.has('passphrase') ? ['passphrase = os.environ["API_PASSPHRASE"]'] : []),
      '',
      `method = ${text(program.method)}`,
      `origin = ${text(program.origin)}`,
      `path = ${text(program.path)}`,
      `query = ${text(program.query)}`,
      `body = ${text(program.body ?? '')}`,
      ...(program.timestamp === undefined ? [] : [`timestamp = ${timestamp(program.timestamp)}`]),
      ...(program.nonce === undefined ? [] : [`nonce = ${nonce(program.nonce)}`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `${snakeCase(name)} = ${generate === undefined ? text(value ?? '') : nonce(generate)}`,
      ),
      '',
      ...program.form.map(({ name, value }) => `body = ${text(`${name}=`)} + ${snakeCase(value)} + ("&" + body if body else "")`),
      ...program.appended.map(
        ({ name, recipe }) => `query += ("&" if query else "") + ${text(`${name}=`)} + quote(${print(recipe, dialect)}, safe="")`,
      ),
      'target = path + ("?" + query if query else "")',
      'url = origin + target',
      ...(program.used.has('host') ? ['host = origin.split("://", 1)[1]'] : []),
      hasRawHash(program.message)
        ? `message = ${printBytes(program.message, dialect)}`
        : `message = (${print(program.message, dialect)}).encode("utf-8")`,
      isHmac
        ? `signature = ${encode(`hmac.new(secret, message, hashlib.${digest}).digest()`, program.signatureEncoding)}`
        : `signature = ${encode(`subprocess.run(["openssl", "dgst", "-${digest}", "-sign", private_key_file], input=message, stdout=subprocess.PIPE, check=True).stdout`, program.signatureEncoding)}`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url += ("&" if query else "?") + ${text(`${program.signatureParameter}=`)} + quote(signature, safe="")`]),
      '',
      'headers = {',
      ...(program.contentType === undefined ? [] : [`    "content-type": ${text(program.contentType)},`]),
      ...program.headers.map(({ name, recipe }) => `    ${text(name)}: ${print(recipe, dialect)},`),
      '}',
      `request = urllib.request.Request(url, data=${program.body === undefined ? 'None' : 'body.encode("utf-8")'}, method=method, headers=headers)`,
      'try:',
      '    with urllib.request.urlopen(request) as response:',
      '        print(response.read().decode("utf-8"))',
      'except urllib.error.HTTPError as error:',
      '    sys.exit(f"HTTP {error.code}: " + error.read().decode("utf-8"))',
      '',
    ]
    const code = lines.join('\n')
    return `#!/usr/bin/env python3\n"""Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}"""\n\n${imports(code)}\n\n${code}`
  },
}

const MODULES = [
  'base64',
  'datetime',
  'email.utils',
  'hashlib',
  'hmac',
  'os',
  'secrets',
  'subprocess',
  'sys',
  'time',
  'urllib.error',
  'urllib.request',
  'uuid',
]

function imports(code: string): string {
  const used = MODULES.filter(name => new RegExp(`(?<![\\w."])${name.replace('.', '\\.')}\\.`).test(code)).map(name => `import ${name}`)
  return [...used, ...(code.includes('quote(') ? ['from urllib.parse import quote'] : [])].join('\n')
}

function secretLines({ secret }: Program): readonly string[] {
  const prefix =
    secret.prefix === ''
      ? ''
      : `\nif secret_text.startswith(${text(secret.prefix)}):\n    secret_text = secret_text[${secret.prefix.length}:]`
  const decoded = {
    utf8: 'secret_text.encode("utf-8")',
    hex: 'bytes.fromhex(secret_text)',
    base64: 'base64.b64decode(secret_text.replace("-", "+").replace("_", "/") + "==")',
  }[secret.encoding]
  return [`secret_text = os.environ["API_SECRET"]${prefix}`, `secret = ${decoded}`]
}

function text(value: string): string {
  // JSON's escapes are Python's, but for what lies beyond the Basic Multilingual Plane, which stays as it is.
  return JSON.stringify(value).replace(/\u007f/g, '\\u007f')
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const seconds = aheadSeconds === 0 ? 'time.time()' : `time.time() + ${aheadSeconds}`
  const moment =
    aheadSeconds === 0
      ? 'datetime.datetime.now(datetime.timezone.utc)'
      : `(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=${aheadSeconds}))`
  switch (format) {
    case 'seconds':
      return `str(int(${seconds}))`
    case 'milliseconds':
      return `str(int((${seconds}) * 1000))`
    case 'microseconds':
      return 'str(time.time_ns() // 1000)'
    case 'nanoseconds':
      return 'str(time.time_ns())'
    case 'decimal-seconds':
      return `f"{${seconds}:.3f}"`
    case 'iso8601':
      return `${moment}.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"`
    case 'iso8601-seconds':
      return `${moment}.strftime("%Y-%m-%dT%H:%M:%SZ")`
    case 'iso8601-basic':
      return `${moment}.strftime("%Y%m%dT%H%M%SZ")`
    case 'http-date':
      return `email.utils.formatdate(${seconds}, usegmt=True)`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'secrets.token_hex(16)'
    case 'random':
      return 'secrets.token_urlsafe(16)'
    case 'uuid':
      return 'str(uuid.uuid4())'
    case 'milliseconds':
      return 'str(time.time_ns() // 1000000)'
    case 'microseconds':
      return 'str(time.time_ns() // 1000)'
    case 'nanoseconds':
      return 'str(time.time_ns())'
  }
}

const dialect: Dialect = {
  literal: text,
  variable: snakeCase,
  concat: texts => texts.join(' + '),
  change: {
    lower: value => `${value}.lower()`,
    upper: value => `${value}.upper()`,
    'percent-encode': value => `quote(${value}, safe="")`,
    sorted: value => `"&".join(sorted(${value}.split("&")))`,
  },
  hash: (digest, value) => `hashlib.${digest}((${value}).encode("utf-8")).digest()`,
  passphraseMac: digest => `hmac.new(secret, passphrase.encode("utf-8"), hashlib.${digest}).digest()`,
  encode,
  toBytes: value => `(${value}).encode("utf-8")`,
  concatBytes: bytes => bytes.join(' + '),
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return `${bytes}.hex()`
    case 'hex-upper':
      return `${bytes}.hex().upper()`
    case 'base64':
      return `base64.b64encode(${bytes}).decode("ascii")`
    case 'base64-unpadded':
      return `base64.b64encode(${bytes}).decode("ascii").rstrip("=")`
    case 'base64url':
      return `base64.urlsafe_b64encode(${bytes}).decode("ascii").rstrip("=")`
    case 'base64url-padded':
      return `base64.urlsafe_b64encode(${bytes}).decode("ascii")`
  }
}
