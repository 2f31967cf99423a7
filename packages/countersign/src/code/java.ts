import type { Digest } from '../crypto/algorithm.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import { callsFunction, type Language } from './language.ts'
import { type Dialect, hasRawHash, print, printBytes } from './print.ts'
import type { Program } from './program.ts'

/** Java 17 and newer, nothing but the JDK: java Sign.java. */
export const java: Language = {
  name: 'java',
  title: 'Java',
  fileName: 'Sign.java',
  findObstacle: ({ algorithm }) =>
    algorithm.family === 'key-pair' && !algorithm.name.startsWith('rsa-v1_5')
      ? `no Java program is written for ${algorithm.name}`
      : undefined,
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const message = hasRawHash(program.message)
      ? printBytes(program.message, dialect)
      : `(${print(program.message, dialect)}).getBytes(UTF_8)`
    const main = [
      ...(program.used.has('keyId') ? ['String keyId = System.getenv("API_KEY");'] : []),
      ...(isHmac ? secretLines(program) : PRIVATE_KEY),
      ...(program.used.has('passphrase') ? ['String passphrase = System.getenv("API_PASSPHRASE");'] : []),
      '',
      `String method = ${literal(program.method)};`,
      `String origin = ${literal(program.origin)};`,
      `String path = ${literal(program.path)};`,
      `String query = ${literal(program.query)};`,
      `String body = ${literal(program.body ?? '')};`,
      ...(program.timestamp === undefined && !/seconds/.test(JSON.stringify([program.nonce, program.parameters]))
        ? []
        : ['Instant now = Instant.now();']),
      ...(program.timestamp === undefined ? [] : [`String timestamp = ${timestamp(program.timestamp)};`]),
      ...(program.nonce === undefined ? [] : [`String nonce = ${nonce(program.nonce)};`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `String ${name} = ${generate === undefined ? literal(value ?? '') : nonce(generate)};`,
      ),
      '',
      ...program.form.map(({ name, value }) => `body = ${literal(`${name}=`)} + ${value} + (body.isEmpty() ? "" : "&" + body);`),
      ...program.appended.map(
        ({ name, recipe }) => `query += (query.isEmpty() ? "" : "&") + ${literal(`${name}=`)} + percentEncode(${print(recipe, dialect)});`,
      ),
      'String target = path + (query.isEmpty() ? "" : "?" + query);',
      'String url = origin + target;',
      ...(program.used.has('host') ? ['String host = origin.split("://")[1];'] : []),
      `byte[] message = ${message};`,
      ...(isHmac
        ? [`String signature = ${encode('mac(secret, message)', program.signatureEncoding)};`]
        : [
            `Signature signer = Signature.getInstance("${digest.toUpperCase()}withRSA");`,
            'signer.initSign(privateKey);',
            'signer.update(message);',
            `String signature = ${encode('signer.sign()', program.signatureEncoding)};`,
          ]),
      ...(program.signatureParameter === undefined
        ? []
        : [`url += (query.isEmpty() ? "?" : "&") + ${literal(`${program.signatureParameter}=`)} + percentEncode(signature);`]),
      '',
      'HttpRequest request = HttpRequest.newBuilder(URI.create(url))',
      `    .method(method, ${program.body === undefined ? 'HttpRequest.BodyPublishers.noBody()' : 'HttpRequest.BodyPublishers.ofString(body)'})`,
      ...(program.contentType === undefined ? [] : [`    .header("content-type", ${literal(program.contentType)})`]),
      ...program.headers.map(({ name, recipe }) => `    .header(${literal(name)}, ${print(recipe, dialect)})`),
      '    .build();',
      '// Over http it would ask for HTTP/2 by an Upgrade, which not every server leaves unheard.',
      'HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();',
      'HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());',
      'System.out.println(response.body());',
      'if (response.statusCode() >= 300) System.exit(1);',
    ]
    const text = main.map(line => (line === '' ? '' : `        ${line}`)).join('\n')
    const helpers = HELPERS.filter(([name]) => callsFunction(text, name)).map(([, code]) => code)
    const macHelper = isHmac
      ? [
          `    static byte[] mac(byte[] secret, byte[] message) throws Exception {\n        Mac mac = Mac.getInstance("Hmac${digest.toUpperCase()}");\n        mac.init(new SecretKeySpec(secret, mac.getAlgorithm()));\n        return mac.doFinal(message);\n    }`,
        ]
      : []
    const code = [`    public static void main(String[] arguments) throws Exception {\n${text}\n    }`, ...macHelper, ...helpers].join(
      '\n\n',
    )
    const imports = IMPORTS.filter(path => new RegExp(`\\b${path.split('.').at(-1)}\\b`).test(code))
    return `// Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}\nimport static java.nio.charset.StandardCharsets.UTF_8;\n\n${imports.map(path => `import ${path};`).join('\n')}\n\npublic class Sign {\n${code}\n}\n`
  },
}

const IMPORTS = [
  'java.io.ByteArrayOutputStream',
  'java.net.URI',
  'java.net.URLEncoder',
  'java.net.http.HttpClient',
  'java.net.http.HttpRequest',
  'java.net.http.HttpResponse',
  'java.nio.file.Files',
  'java.nio.file.Path',
  'java.security.KeyFactory',
  'java.security.MessageDigest',
  'java.security.PrivateKey',
  'java.security.SecureRandom',
  'java.security.Signature',
  'java.security.spec.PKCS8EncodedKeySpec',
  'java.time.Instant',
  'java.time.ZoneOffset',
  'java.time.format.DateTimeFormatter',
  'java.util.Arrays',
  'java.util.Base64',
  'java.util.HexFormat',
  'java.util.Locale',
  'java.util.UUID',
  'javax.crypto.Mac',
  'javax.crypto.spec.SecretKeySpec',
]

const PRIVATE_KEY = [
  '// In PKCS#8: openssl pkcs8 -topk8 -nocrypt turns a PKCS#1 key into one.',
  'String pem = Files.readString(Path.of(System.getenv("PRIVATE_KEY_FILE"))).replaceAll("-----[A-Z ]+-----|\\\\s", "");',
  'PrivateKey privateKey = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));',
]

const HELPERS: readonly (readonly [name: string, code: string])[] = [
  [
    'percentEncode',
    '    static String percentEncode(String text) {\n        return URLEncoder.encode(text, UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");\n    }',
  ],
  [
    'sortedPairs',
    '    static String sortedPairs(String query) {\n        String[] pairs = query.split("&");\n        Arrays.sort(pairs);\n        return String.join("&", pairs);\n    }',
  ],
  [
    'hash',
    '    static byte[] hash(String algorithm, String text) throws Exception {\n        return MessageDigest.getInstance(algorithm).digest(text.getBytes(UTF_8));\n    }',
  ],
  [
    'randomBytes',
    '    static byte[] randomBytes() {\n        byte[] bytes = new byte[16];\n        new SecureRandom().nextBytes(bytes);\n        return bytes;\n    }',
  ],
  [
    'joined',
    '    static byte[] joined(byte[]... parts) throws Exception {\n        ByteArrayOutputStream out = new ByteArrayOutputStream();\n        for (byte[] part : parts) out.write(part);\n        return out.toByteArray();\n    }',
  ],
]

function secretLines({ secret }: Program): readonly string[] {
  const prefix = secret.prefix === '' ? '' : `.replaceFirst(${literal(`^${secret.prefix}`)}, "")`
  const source = `System.getenv("API_SECRET")${prefix}`
  if (secret.encoding === 'utf8') return [`byte[] secret = ${source}.getBytes(UTF_8);`]
  if (secret.encoding === 'hex') return [`byte[] secret = HexFormat.of().parseHex(${source});`]
  return [
    '// Either base64 alphabet, padded or not.',
    `byte[] secret = Base64.getDecoder().decode(${source}.replace('-', '+').replace('_', '/'));`,
  ]
}

function literal(text: string): string {
  return JSON.stringify(text)
}

function pattern(text: string): string {
  return `DateTimeFormatter.ofPattern("${text}", Locale.ROOT).withZone(ZoneOffset.UTC)`
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'now' : `now.plusSeconds(${aheadSeconds})`
  switch (format) {
    case 'seconds':
      return `Long.toString(${now}.getEpochSecond())`
    case 'milliseconds':
      return `Long.toString(${now}.toEpochMilli())`
    case 'microseconds':
      return `String.format("%d%06d", ${now}.getEpochSecond(), ${now}.getNano() / 1000)`
    case 'nanoseconds':
      return `String.format("%d%09d", ${now}.getEpochSecond(), ${now}.getNano())`
    case 'decimal-seconds':
      return `String.format("%d.%03d", ${now}.getEpochSecond(), ${now}.getNano() / 1000000)`
    case 'iso8601':
      return `${pattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")}.format(${now})`
    case 'iso8601-seconds':
      return `${pattern("yyyy-MM-dd'T'HH:mm:ss'Z'")}.format(${now})`
    case 'iso8601-basic':
      return `${pattern("yyyyMMdd'T'HHmmss'Z'")}.format(${now})`
    case 'http-date':
      return `DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC).format(${now})`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'HexFormat.of().formatHex(randomBytes())'
    case 'random':
      return 'Base64.getUrlEncoder().withoutPadding().encodeToString(randomBytes())'
    case 'uuid':
      return 'UUID.randomUUID().toString()'
    case 'milliseconds':
    case 'microseconds':
    case 'nanoseconds':
      return timestamp({ format, aheadSeconds: 0 })
  }
}

const JAVA_DIGESTS: { readonly [D in Digest]: string } = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' }

const dialect: Dialect = {
  literal,
  variable: name => name,
  concat: texts => texts.join(' + '),
  change: {
    lower: value => `${value}.toLowerCase(Locale.ROOT)`,
    upper: value => `${value}.toUpperCase(Locale.ROOT)`,
    'percent-encode': value => `percentEncode(${value})`,
    sorted: value => `sortedPairs(${value})`,
  },
  hash: (digest, value) => `hash("${JAVA_DIGESTS[digest]}", ${value})`,
  passphraseMac: () => 'mac(secret, passphrase.getBytes(UTF_8))',
  encode,
  toBytes: value => `(${value}).getBytes(UTF_8)`,
  concatBytes: bytes => `joined(${bytes.join(', ')})`,
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return `HexFormat.of().formatHex(${bytes})`
    case 'hex-upper':
      return `HexFormat.of().withUpperCase().formatHex(${bytes})`
    case 'base64':
      return `Base64.getEncoder().encodeToString(${bytes})`
    case 'base64-unpadded':
      return `Base64.getEncoder().withoutPadding().encodeToString(${bytes})`
    case 'base64url':
      return `Base64.getUrlEncoder().withoutPadding().encodeToString(${bytes})`
    case 'base64url-padded':
      return `Base64.getUrlEncoder().encodeToString(${bytes})`
  }
}
