/** Schemes made up at random from the grammar, with requests that they sign: for `infer` to find again. */

const PARTS = {
  timestamp: ['{timestamp}'],
  method: ['{method}', '{method}', '{method|lower}'],
  url: ['{url}', '{target}', '{path}'],
  body: ['{body}', '{body}', '{body|sha256|hex}', '{body|sha256|base64}', '{body|sha512|hex}', '{payload}'],
  keyId: ['{keyId}'],
  nonce: ['{nonce}'],
}
const SEPARATORS = ['', '\n', '.', ':', '|', '&', ',', ' ', ';', '/', '-', '_']
const USUAL_SEPARATORS = ['', '\n', '.', ':', '|']
const FORMATS = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds', 'iso8601', 'iso8601-seconds', 'decimal-seconds']
const ENCODINGS = ['hex', 'hex-upper', 'base64', 'base64url', 'base64-unpadded', 'base64url-padded']
const DIGESTS = ['sha1', 'sha256', 'sha256', 'sha384', 'sha512']
const HEADERS = {
  keyId: ['x-api-key', 'api-key-id', 'x-access-key', 'apikey'],
  timestamp: ['x-timestamp', 'x-api-time', 'request-time', 'api-ts'],
  nonce: ['x-nonce', 'api-nonce'],
  signature: ['x-signature', 'api-sign', 'x-hmac', 'x-auth-sig'],
}
const PREFIXES = ['', '', '', 'sha256=', 'v1=']

/** @param {() => number} random from 0 to 1 */
function randomDeclaration(random) {
  const pick = list => list[Math.floor(random() * list.length)]
  const groups = shuffle(Object.keys(PARTS), random).slice(0, 1 + Math.floor(random() * 5))
  // Something of the request is signed.
  if (!groups.includes('url') && !groups.includes('body')) groups[0] = pick(['url', 'body'])
  const has = field => groups.includes(field)
  return {
    name: 'made-up',
    title: 'Made up',
    algorithm: `hmac-${pick(DIGESTS)}`,
    secret: { encoding: pick(['utf8', 'hex', 'base64']) },
    ...(has('timestamp') ? { timestamp: { formats: [pick(FORMATS)] } } : {}),
    message: joined(
      groups.map(group => pick(PARTS[group])),
      random() < 0.75 ? [pick(SEPARATORS)] : groups.map(() => pick(USUAL_SEPARATORS)),
    ),
    signature: { encoding: pick(ENCODINGS) },
    headers: {
      [pick(HEADERS.keyId)]: '{keyId}',
      ...(has('timestamp') ? { [pick(HEADERS.timestamp)]: '{timestamp}' } : {}),
      ...(has('nonce') ? { [pick(HEADERS.nonce)]: '{nonce}' } : {}),
      [pick(HEADERS.signature)]: `${pick(PREFIXES)}{signature}`,
    },
  }
}

/** One separator everywhere, or one for each gap. */
function joined(parts, separators) {
  return parts.map((part, index) => (index === 0 ? part : separators[index % separators.length] + part)).join('')
}

/** What is made up need not be fit for a verifier. */
const ALLOWED = ['ambiguous-request', 'body-on-get', 'letter-case', 'which-place', 'empty-parameters', 'equal-names']

const EXAMPLES = [
  { method: 'POST', url: 'https://api.example.com/v1/orders?limit=10&sort=-date', body: '{"amount":"1.0","note":"a/b"}' },
  { method: 'GET', url: 'https://api.example.com/v1/orders/7?z=1' },
]
const UNSEEN = { method: 'PUT', url: 'https://api.example.com/v2/x/y?q=2', body: '[1, 2]' }

/**
 * How many made-up schemes are found again: the declaration that comes out has to sign a request that the search has
 * not seen just as the true one.
 *
 * @param {{ defineScheme: Function, createSigner: Function, infer: Function }} library
 */
export async function measureInfer({ defineScheme, createSigner, infer }, { count, random, ...bounds }) {
  const result = { tried: 0, found: 0, missed: [], ms: [] }
  while (result.tried < count) {
    const declaration = randomDeclaration(random)
    let scheme
    try {
      scheme = defineScheme(declaration)
    } catch {
      // Such as a nonce and a key id with nothing between them.
      continue
    }
    const bytes = Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256)))
    const { encoding } = scheme.secret
    const secret = encoding === 'utf8' ? `s-${bytes.toString('base64url')}.x` : bytes.toString(encoding)
    const credentials = { keyId: 'AKc1d2e3f4', secret }
    const signer = createSigner(scheme, credentials, { clock: () => 1_647_356_399_123, allow: ALLOWED })
    const examples = EXAMPLES.map(request => {
      // Drawn here, so that the same draw makes the same signatures.
      const nonce = scheme.fields.has('nonce') ? { nonce: hexadecimal(random) } : {}
      return { ...signer.sign({ ...request, ...nonce }), secret, keyId: credentials.keyId }
    })
    result.tried++
    const started = performance.now()
    const { declaration: found } = await infer(examples, bounds)
    result.ms.push(performance.now() - started)
    if (found !== undefined && signsAlike(scheme, defineScheme(found), createSigner, credentials)) result.found++
    else result.missed.push(`${JSON.stringify(declaration)} -> ${found === undefined ? 'not found' : JSON.stringify(found.message)}`)
  }
  return result
}

function signsAlike(scheme, inferred, createSigner, credentials) {
  const given = {
    ...UNSEEN,
    ...(scheme.fields.has('nonce') ? { nonce: 'abcdef0123456789' } : {}),
  }
  const options = { clock: () => 1_700_000_000_456, allow: ALLOWED }
  const right = createSigner(scheme, credentials, options).sign(given)
  const moment = scheme.carriers.find(({ fields }) => fields.includes('timestamp'))
  const timestamp = moment === undefined ? {} : { timestamp: right.headers[moment.name] }
  try {
    const ours = createSigner(inferred, credentials, options).sign({ ...given, ...timestamp })
    return JSON.stringify(Object.entries(ours.headers).sort()) === JSON.stringify(Object.entries(right.headers).sort())
  } catch {
    return false
  }
}

function hexadecimal(random) {
  return Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
}

function shuffle(list, random) {
  const shuffled = [...list]
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    ;[shuffled[index], shuffled[other]] = [shuffled[other], shuffled[index]]
  }
  return shuffled
}
