import type { BytesEncoding } from '../wire/encoding.ts'
import { callsFunction, type Language } from './language.ts'
import { type Dialect, print, printParts } from './print.ts'
import type { Program } from './program.ts'

/** Go 1.18 and newer, standard library only. */
export const go: Language = {
  name: 'go',
  title: 'Go',
  fileName: 'sign.go',
  findObstacle: ({ algorithm }) =>
    algorithm.family === 'key-pair' && !algorithm.name.startsWith('rsa-v1_5')
      ? `no Go program is written for ${algorithm.name}`
      : undefined,
  write(program) {
    const isHmac = program.algorithm.family === 'hmac'
    const { digest } = program.algorithm
    const body = [
      ...(program.used.has('keyId') ? ['\tkeyId := os.Getenv("API_KEY")'] : []),
      ...(isHmac ? secretLines(program) : PRIVATE_KEY),
      ...(program.used.has('passphrase') ? ['\tpassphrase := os.Getenv("API_PASSPHRASE")'] : []),
      '',
      `\tmethod := ${literal(program.method)}`,
      `\torigin := ${literal(program.origin)}`,
      `\tpath := ${literal(program.path)}`,
      `\tquery := ${literal(program.query)}`,
      `\tbody := ${literal(program.body ?? '')}`,
      ...(program.timestamp === undefined ? [] : [`\ttimestamp := ${timestamp(program.timestamp)}`]),
      ...(program.nonce === undefined ? [] : [`\tnonce := ${nonce(program.nonce)}`]),
      ...program.parameters.map(
        ({ name, value, generate }) => `\t${name} := ${generate === undefined ? literal(value ?? '') : nonce(generate)}`,
      ),
      '',
      ...program.form.flatMap(({ name, value }) => [
        '\tif body != "" {',
        '\t\tbody = "&" + body',
        '\t}',
        `\tbody = ${literal(`${name}=`)} + ${value} + body`,
      ]),
      ...program.appended.flatMap(({ name, recipe }) => [
        '\tif query != "" {',
        '\t\tquery += "&"',
        '\t}',
        `\tquery += ${literal(`${name}=`)} + percentEncode(${print(recipe, dialect)})`,
      ]),
      '\ttarget := path',
      '\tif query != "" {',
      '\t\ttarget += "?" + query',
      '\t}',
      '\tfullURL := origin + target',
      ...(program.used.has('host') ? ['\thost := strings.SplitN(origin, "://", 2)[1]'] : []),
      `\tmessage := ${printParts(program.message, dialect, bytes => `string(${bytes})`).join(' + ')}`,
      ...(isHmac
        ? [`\tsignature := ${encode(`mac(secret, message)`, program.signatureEncoding)}`]
        : [
            `\tdigest := ${sum(digest)}([]byte(message))`,
            `\traw, err := rsa.SignPKCS1v15(rand.Reader, privateKey, crypto.${digest.toUpperCase()}, digest[:])`,
            '\tcheck(err)',
            `\tsignature := ${encode('raw', program.signatureEncoding)}`,
          ]),
      ...(program.signatureParameter === undefined
        ? []
        : [
            '\tif query == "" {',
            '\t\tfullURL += "?"',
            '\t} else {',
            '\t\tfullURL += "&"',
            '\t}',
            `\tfullURL += ${literal(`${program.signatureParameter}=`)} + percentEncode(signature)`,
          ]),
      '',
      '\trequest, err := http.NewRequest(method, fullURL, strings.NewReader(body))',
      '\tcheck(err)',
      ...(program.contentType === undefined ? [] : [`\trequest.Header.Set("content-type", ${literal(program.contentType)})`]),
      ...program.headers.map(({ name, recipe }) => `\trequest.Header.Set(${literal(name)}, ${print(recipe, dialect)})`),
      '\tresponse, err := http.DefaultClient.Do(request)',
      '\tcheck(err)',
      '\tdefer response.Body.Close()',
      '\tanswer, err := io.ReadAll(response.Body)',
      '\tcheck(err)',
      '\tfmt.Println(string(answer))',
      '\tif response.StatusCode >= 300 {',
      '\t\tos.Exit(1)',
      '\t}',
      '}',
      '',
      'func check(err error) {',
      '\tif err != nil {',
      '\t\tfmt.Fprintln(os.Stderr, err)',
      '\t\tos.Exit(1)',
      '\t}',
      '}',
    ].join('\n')
    const functions = FUNCTIONS.filter(([name]) => callsFunction(body, name)).map(([, code]) => code)
    const hmacFunction = isHmac
      ? [
          `func mac(secret []byte, message string) []byte {\n\thash := hmac.New(${hashPackage(digest)}, secret)\n\thash.Write([]byte(message))\n\treturn hash.Sum(nil)\n}`,
        ]
      : []
    const code = [body, ...hmacFunction, ...functions].join('\n\n')
    const imports = PACKAGES.filter(path => new RegExp(`\\b${path.split('/').at(-1)}\\.`).test(code.replace(/"[^"\n]*"/g, '""')))
    return `// Signs and sends one request: ${program.title}.${program.docs === undefined ? '' : ` ${program.docs}`}\npackage main\n\nimport (\n${imports.map(path => `\t"${path}"`).join('\n')}\n)\n\nfunc main() {\n${code}\n`
  },
}

const PACKAGES = [
  'crypto',
  'crypto/hmac',
  'crypto/rand',
  'crypto/rsa',
  'crypto/sha1',
  'crypto/sha256',
  'crypto/sha512',
  'crypto/x509',
  'encoding/base64',
  'encoding/hex',
  'encoding/pem',
  'fmt',
  'io',
  'net/http',
  'net/url',
  'os',
  'sort',
  'strconv',
  'strings',
  'time',
]

const PRIVATE_KEY = [
  '\tpemText, err := os.ReadFile(os.Getenv("PRIVATE_KEY_FILE"))',
  '\tcheck(err)',
  '\tblock, _ := pem.Decode(pemText)',
  '\tprivateKey, err := x509.ParsePKCS1PrivateKey(block.Bytes)',
  '\tif err != nil {',
  '\t\tparsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)',
  '\t\tcheck(err)',
  '\t\tprivateKey = parsed.(*rsa.PrivateKey)',
  '\t}',
]

const FUNCTIONS: readonly (readonly [name: string, code: string])[] = [
  ['percentEncode', 'func percentEncode(text string) string {\n\treturn strings.ReplaceAll(url.QueryEscape(text), "+", "%20")\n}'],
  [
    'sortedPairs',
    'func sortedPairs(query string) string {\n\tpairs := strings.Split(query, "&")\n\tsort.Strings(pairs)\n\treturn strings.Join(pairs, "&")\n}',
  ],
  ['sha1Of', 'func sha1Of(text string) []byte {\n\tsum := sha1.Sum([]byte(text))\n\treturn sum[:]\n}'],
  ['sha256Of', 'func sha256Of(text string) []byte {\n\tsum := sha256.Sum256([]byte(text))\n\treturn sum[:]\n}'],
  ['sha384Of', 'func sha384Of(text string) []byte {\n\tsum := sha512.Sum384([]byte(text))\n\treturn sum[:]\n}'],
  ['sha512Of', 'func sha512Of(text string) []byte {\n\tsum := sha512.Sum512([]byte(text))\n\treturn sum[:]\n}'],
  [
    'randomBytes',
    'func randomBytes() []byte {\n\tbytes := make([]byte, 16)\n\t_, err := rand.Read(bytes)\n\tcheck(err)\n\treturn bytes\n}',
  ],
  [
    'randomUUID',
    'func randomUUID() string {\n\tbytes := make([]byte, 16)\n\t_, err := rand.Read(bytes)\n\tcheck(err)\n\tbytes[6] = bytes[6]&0x0f | 0x40\n\tbytes[8] = bytes[8]&0x3f | 0x80\n\treturn fmt.Sprintf("%x-%x-%x-%x-%x", bytes[0:4], bytes[4:6], bytes[6:8], bytes[8:10], bytes[10:])\n}',
  ],
]

function sum(digest: string): string {
  return { sha1: 'sha1.Sum', sha256: 'sha256.Sum256', sha384: 'sha512.Sum384', sha512: 'sha512.Sum512' }[digest] ?? ''
}

function hashPackage(digest: string): string {
  return { sha1: 'sha1.New', sha256: 'sha256.New', sha384: 'sha512.New384', sha512: 'sha512.New' }[digest] ?? ''
}

function secretLines({ secret }: Program): readonly string[] {
  const source = secret.prefix === '' ? 'os.Getenv("API_SECRET")' : `strings.TrimPrefix(os.Getenv("API_SECRET"), ${literal(secret.prefix)})`
  if (secret.encoding === 'utf8') return [`\tsecret := []byte(${source})`]
  if (secret.encoding === 'hex') return [`\tsecret, err := hex.DecodeString(${source})`, '\tcheck(err)']
  return [
    '\t// Either base64 alphabet, padded or not.',
    `\tsecretText := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(${source}), "=")`,
    '\tsecret, err := base64.RawStdEncoding.DecodeString(secretText)',
    '\tcheck(err)',
  ]
}

function literal(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, '\\x7f')
}

function timestamp({ format, aheadSeconds }: NonNullable<Program['timestamp']>): string {
  const now = aheadSeconds === 0 ? 'time.Now().UTC()' : `time.Now().UTC().Add(${aheadSeconds} * time.Second)`
  switch (format) {
    case 'seconds':
      return `strconv.FormatInt(${now}.Unix(), 10)`
    case 'milliseconds':
      return `strconv.FormatInt(${now}.UnixMilli(), 10)`
    case 'microseconds':
      return `strconv.FormatInt(${now}.UnixMicro(), 10)`
    case 'nanoseconds':
      return `strconv.FormatInt(${now}.UnixNano(), 10)`
    case 'decimal-seconds':
      return `fmt.Sprintf("%.3f", float64(${now}.UnixMilli())/1000)`
    case 'iso8601':
      return `${now}.Format("2006-01-02T15:04:05.000Z")`
    case 'iso8601-seconds':
      return `${now}.Format("2006-01-02T15:04:05Z")`
    case 'iso8601-basic':
      return `${now}.Format("20060102T150405Z")`
    case 'http-date':
      return `${now}.Format(http.TimeFormat)`
  }
}

function nonce(format: NonNullable<Program['nonce']>): string {
  switch (format) {
    case 'any':
    case 'hex':
      return 'hex.EncodeToString(randomBytes())'
    case 'random':
      return 'base64.RawURLEncoding.EncodeToString(randomBytes())'
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
  variable: name => (name === 'url' ? 'fullURL' : name),
  concat: texts => texts.join(' + '),
  change: {
    lower: value => `strings.ToLower(${value})`,
    upper: value => `strings.ToUpper(${value})`,
    'percent-encode': value => `percentEncode(${value})`,
    sorted: value => `sortedPairs(${value})`,
  },
  hash: (digest, value) => `${digest}Of(${value})`,
  passphraseMac: () => 'mac(secret, passphrase)',
  encode,
  toBytes: value => value,
  concatBytes: bytes => bytes.join(' + '),
}

function encode(bytes: string, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return `hex.EncodeToString(${bytes})`
    case 'hex-upper':
      return `strings.ToUpper(hex.EncodeToString(${bytes}))`
    case 'base64':
      return `base64.StdEncoding.EncodeToString(${bytes})`
    case 'base64-unpadded':
      return `base64.RawStdEncoding.EncodeToString(${bytes})`
    case 'base64url':
      return `base64.RawURLEncoding.EncodeToString(${bytes})`
    case 'base64url-padded':
      return `base64.URLEncoding.EncodeToString(${bytes})`
  }
}
