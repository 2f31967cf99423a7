import type { BytesEncoding } from '../wire/encoding.ts'
import { callsFunction, type Language } from './language.ts'
import { type Dialect, hasRawHash, print, printBytes } from './print.ts'
import type { Program } from './program.ts'

/** C# 7 and newer, on .NET and on Mono, nothing installed. */
export const csharp: Language = {
  name: 'csharp',
  title: 'C#',
  fileName: 'Sign.cs',
  findObstacle: ({ algorithm }) =>
    algorithm.family === 'key-pair' && !algorithm.name.startsWith('rsa-v1_5')
      ? `no C# program is written for ${algorithm.name}`
      : undefined,
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const upper = digest.toUpperCase()
    const message = hasRawHash(program.message)
      ? printBytes(program.message, dialect)
      : `Encoding.UTF8.GetBytes(${print(program.message, dialect)})`
    const main = [
      ...(program.used.has('keyId') ? ['var keyId = Environment.GetEnvironmentVariable("API_KEY");'] : []),
      ...(isHmac
        ? secretLines(program)
        : [
            'var privateKey = RSA.Create();',
            'privateKey.ImportFromPem(File.ReadAllText(Environment.GetEnvironmentVariable("PRIVATE_KEY_FILE")));',
          ]),
      ...(program.used.has('passphrase') ? ['var passphrase = Environment.GetEnvironmentVariable("API_PASSPHRASE");'] : []),
      '',
      `var method = ${literal(program.method)};`,
      `var origin = ${literal(program.origin)};`,
      `var path = ${literal(program.path)};`,
      `var query = ${literal(program.query)};`,
      `var body = ${literal(program.body ?? '')};`,
      ...(program.timestamp === undefined ? [] : [`var timestamp = ${timestamp(program.timestamp)};`]),
      ...(program.nonce === undefined ? [] : [`var nonce = ${nonce(program.nonce)};`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `var ${name} = ${generate === undefined ? literal(value ?? '') : nonce(generate)};`,
      ),
      '',
      ...program.form.map(({ name, value }) => `body = ${literal(`${name}=`)} + ${value} + (body == "" ? "" : "&" + body);`),
      ...program.appended.map(
        ({ name, recipe }) =>
          `query += (query == "" ? "" : "&") + ${literal(`${name}=`)} + Uri.EscapeDataString(${print(recipe, dialect)});`,
      ),
      'var target = path + (query == "" ? "" : "?" + query);',
      'var url = origin + target;',
      ...(program.used.has('host') ? ['var host = origin.Substring(origin.IndexOf("://") + 3);'] : []),
      `var message = ${message};`,
      isHmac
        ? `var signature = ${encode('Mac(secret, message)', program.signatureEncoding)};`
        : `var signature = ${encode(`privateKey.SignData(message, HashAlgorithmName.${upper}, RSASignaturePadding.Pkcs1)`, program.signatureEncoding)};`,
      ...(program.signatureParameter === undefined
        ? []
        : [`url += (query == "" ? "?" : "&") + ${literal(`${program.signatureParameter}=`)} + Uri.EscapeDataString(signature);`]),
      '',
      'var request = new HttpRequestMessage(new HttpMethod(method), url);',
      ...(program.body === undefined
        ? []
        : [
            'request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));',
            `request.Content.Headers.TryAddWithoutValidation("content-type", ${literal(program.contentType ?? '')});`,
          ]),
      ...program.headers.map(({ name, recipe }) => `request.Headers.TryAddWithoutValidation(${literal(name)}, ${print(recipe, dialect)});`),
      'var response = new HttpClient().SendAsync(request).Result;',
      'Console.WriteLine(response.Content.ReadAsStringAsync().Result);',
      'return response.IsSuccessStatusCode ? 0 : 1;',
    ]
    const text = main.map(line => (line === '' ? '' : `        ${line}`)).join('\n')
    const helpers = [
      ...(isHmac
        ? [
            `    static byte[] Mac(byte[] secret, byte[] message)\n    {\n        using (var hmac = new HMAC${upper}(secret)) return hmac.ComputeHash(message);\n    }`,
          ]
        : []),
      ...HELPERS.filter(([name]) => callsFunction(text, name)).map(([, code]) => code),
    ]
    const sections = [`    static int Main()\n    {\n${text}\n    }`, ...helpers]
    return `// Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}\nusing System;\nusing System.Globalization;\nusing System.IO;\nusing System.Linq;\nusing System.Net.Http;\nusing System.Security.Cryptography;\nusing System.Text;\n\nstatic class Sign\n{\n${sections.join('\n\n')}\n}\n`
  },
}

const HELPERS: readonly (readonly [name: string, code: string])[] = [
  [
    'Hex',
    '    static string Hex(byte[] bytes)\n    {\n        return BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();\n    }',
  ],
  [
    'FromHex',
    '    static byte[] FromHex(string hex)\n    {\n        return Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(i * 2, 2), 16)).ToArray();\n    }',
  ],
  [
    'FromBase64',
    "    // Either base64 alphabet, padded or not.\n    static byte[] FromBase64(string text)\n    {\n        var digits = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');\n        return Convert.FromBase64String(digits.PadRight((digits.Length + 3) / 4 * 4, '='));\n    }",
  ],
  [
    'HashSHA1',
    '    static byte[] HashSHA1(string text)\n    {\n        using (var hash = SHA1.Create()) return hash.ComputeHash(Encoding.UTF8.GetBytes(text));\n    }',
  ],
  [
    'HashSHA256',
    '    static byte[] HashSHA256(string text)\n    {\n        using (var hash = SHA256.Create()) return hash.ComputeHash(Encoding.UTF8.GetBytes(text));\n    }',
  ],
  [
    'HashSHA384',
    '    static byte[] HashSHA384(string text)\n    {\n        using (var hash = SHA384.Create()) return hash.ComputeHash(Encoding.UTF8.GetBytes(text));\n    }',
  ],
  [
    'HashSHA512',
    '    static byte[] HashSHA512(string text)\n    {\n        using (var hash = SHA512.Create()) return hash.ComputeHash(Encoding.UTF8.GetBytes(text));\n    }',
  ],
  [
    'RandomBytes',
    '    static byte[] RandomBytes()\n    {\n        var bytes = new byte[16];\n        using (var random = RandomNumberGenerator.Create()) random.GetBytes(bytes);\n        return bytes;\n    }',
  ],
  [
    'Sorted',
    '    static string Sorted(string query)\n    {\n        return string.Join("&", query.Split(\'&\').OrderBy(pair => pair, StringComparer.Ordinal));\n    }',
  ],
]

function secretLines({ secret }: Program): readonly string[] {
  const lines = ['var secretText = Environment.GetEnvironmentVariable("API_SECRET");']
  if (secret.prefix !== '')
    lines.push(`if (secretText.StartsWith(${literal(secret.prefix)})) secretText = secretText.Substring(${secret.prefix.length});`)
  const decoded = { utf8: 'Encoding.UTF8.GetBytes(secretText)', hex: 'FromHex(secretText)', base64: 'FromBase64(secretText)' }[
    secret.encoding
  ]
  return [...lines, `var secret = ${decoded};`]
}

function literal(text: string): string {
  return JSON.stringify(text)
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'DateTimeOffset.UtcNow' : `DateTimeOffset.UtcNow.AddSeconds(${aheadSeconds})`
  const formatted = (text: string): string => `${now}.ToString("${text}", CultureInfo.InvariantCulture)`
  switch (format) {
    case 'seconds':
      return `${now}.ToUnixTimeSeconds().ToString()`
    case 'milliseconds':
      return `${now}.ToUnixTimeMilliseconds().ToString()`
    case 'microseconds':
      return `((${now}.UtcTicks - 621355968000000000L) / 10).ToString()`
    case 'nanoseconds':
      return `((${now}.UtcTicks - 621355968000000000L) * 100).ToString()`
    case 'decimal-seconds':
      return `(${now}.ToUnixTimeMilliseconds() / 1000m).ToString("0.000", CultureInfo.InvariantCulture)`
    case 'iso8601':
      return formatted("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")
    case 'iso8601-seconds':
      return formatted("yyyy-MM-dd'T'HH:mm:ss'Z'")
    case 'iso8601-basic':
      return formatted("yyyyMMdd'T'HHmmss'Z'")
    case 'http-date':
      return formatted('R')
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'Hex(RandomBytes())'
    case 'random':
      return encode('RandomBytes()', 'base64url')
    case 'uuid':
      return 'Guid.NewGuid().ToString()'
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
    lower: value => `${value}.ToLowerInvariant()`,
    upper: value => `${value}.ToUpperInvariant()`,
    'percent-encode': value => `Uri.EscapeDataString(${value})`,
    sorted: value => `Sorted(${value})`,
  },
  hash: (digest, value) => `Hash${digest.toUpperCase()}(${value})`,
  passphraseMac: () => 'Mac(secret, Encoding.UTF8.GetBytes(passphrase))',
  encode,
  toBytes: value => `Encoding.UTF8.GetBytes(${value})`,
  concatBytes: bytes => `new[] { ${bytes.join(', ')} }.SelectMany(part => part).ToArray()`,
}

function encode(bytes: string, encoding: BytesEncoding): string {
  const base64 = `Convert.ToBase64String(${bytes})`
  switch (encoding) {
    case 'hex':
      return `Hex(${bytes})`
    case 'hex-upper':
      return `Hex(${bytes}).ToUpperInvariant()`
    case 'base64':
      return base64
    case 'base64-unpadded':
      return `${base64}.TrimEnd('=')`
    case 'base64url':
      return `${base64}.TrimEnd('=').Replace('+', '-').Replace('/', '_')`
    case 'base64url-padded':
      return `${base64}.Replace('+', '-').Replace('/', '_')`
  }
}
