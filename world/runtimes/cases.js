/**
 * What the program of the runtimes is given: the calls of all vectors in one form, and keys, which are made anew. The
 * counts that the test expects come from here too, so that a runtime can leave nothing out.
 */
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'

const vectors = name => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'))
const aws = vectors('aws-sigv4')
const rfc9421 = vectors('rfc9421')
const SECRET = Buffer.alloc(32, 7).toString('base64')

/** Signed to the byte, verified, and refused when it is changed. */
const calls = [
  ...[...vectors('schemes').vectors, ...vectors('other-schemes').vectors].map(vector => callOf(vector.scheme, vector)),
  ...vectors('undeclared').vectors.map(vector => callOf(vector.declaration.name, vector)),
  ...vectors('qredo-v1').vectors.map(({ secret, method, url, body, timestamp, signature }) =>
    callOf('qredo-v1', {
      credentials: { keyId: 'k', secret },
      request: { method, url, body: body ?? undefined, timestamp },
      headers: { 'qredo-api-key': 'k', 'qredo-api-ts': timestamp, 'qredo-api-sig': signature },
      url,
    }),
  ),
  ...aws.s3.vectors.map(vector => awsCall('https://examplebucket.s3.amazonaws.com', aws.s3, vector)),
  ...aws.vectors.filter(isPlain).map(vector => awsCall('https://example.amazonaws.com', { ...aws, timestamp: '20150830T123600Z' }, vector)),
  presignedCall(aws.presigned),
]

/** A call as the program takes it. What a vector doesn't say of the key follows from the client's credentials. */
function callOf(name, { declaration, credentials, publicKey, request: { parameters, ...request }, headers, url }) {
  const { keyId = 'default', secret, passphrase } = credentials
  const key = publicKey === undefined ? { id: keyId, secret, passphrase } : { id: keyId, publicKey }
  // What BitMEX signs is when the call ends.
  const at = momentOf(request) - (name === 'bitmex' ? 5_000 : 0)
  return { name, declaration, credentials, parameters, request, headers, url, key, at }
}

function awsCall(origin, { service, region, keyId, secret, timestamp }, { method, target, headers, body, signature }) {
  const own = headers.filter(([name]) => !/^(Host|X-Amz-Date)$/i.test(name))
  const request = { method, url: origin + target, headers: Object.fromEntries(own), body: body ?? undefined, timestamp }
  const call = callOf('aws-sigv4', { credentials: { keyId, secret }, request })
  // S3's host names service and region, as a user's of the scheme does; the suite's does not.
  return { ...call, ...(service === undefined ? {} : { sigV4: { service, region } }), authorizationEnd: `Signature=${signature}` }
}

function presignedCall({ keyId, secret, url, timestamp, expires, signature }) {
  const request = { method: 'GET', url, timestamp, parameters: { expires } }
  return { ...callOf('aws-sigv4-query', { credentials: { keyId, secret }, request, headers: {} }), urlEnd: `&X-Amz-Signature=${signature}` }
}

/** Requests of the suite that a URL can make, with each header once, and that a verifier takes as they are. */
function isPlain({ name, target, headers }) {
  const isOnce = new Set(headers.map(([header]) => header)).size === headers.length
  return isOnce && /^[!-~]*$/.test(target) && !/normalized|query-order-(key|value)$|token|sts/.test(name)
}

/** When a call was signed, in milliseconds; any time where the scheme signs none. */
function momentOf({ timestamp, nonce, body }) {
  const text = timestamp ?? (/^\d+$/.test(nonce ?? '') ? nonce : /\bnonce=(\d+)/.exec(body ?? '')?.[1])
  if (text === undefined) return Date.parse('2022-03-15T14:59:59Z')
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(text) ?? []
  if (day !== undefined) return Date.parse(`${day.replace(/(....)(..)/, '$1-$2-')}T${time.replace(/(..)(..)/, '$1:$2:')}Z`)
  if (!/^[\d.]+$/.test(text)) return Date.parse(text)
  const [whole] = text.split('.')
  return (Number(whole) / 10 ** (whole.length - 10)) * 1_000
}

/** RFC 9421, Appendix B.2 to B.4: what others have signed with each kind of key. */
const messages = rfc9421.vectors.map(({ name, message, input, signature }) => {
  const { algorithm, publicKey, secret } = rfc9421.keys[/keyid="([^"]*)"/.exec(input)?.[1]] ?? rfc9421.keys['test-key-ed25519']
  return { name, message, input, signature, key: { algorithm, publicKey, secret } }
})

const exported = ({ privateKey, publicKey }, privateType, publicType = 'spki') => ({
  privateKey: privateKey.export({ type: privateType, format: 'pem' }),
  publicKey: publicKey.export({ type: publicType, format: 'pem' }),
})
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512', saltLength: 64 })
const curves = { 'ecdsa-p256-sha256': 'P-256', 'ecdsa-p384-sha384': 'P-384' }
const inRsa = algorithm => [
  { algorithm, form: 'PKCS#8', ...exported(rsa, 'pkcs8') },
  { algorithm, form: 'PKCS#1', ...exported(rsa, 'pkcs1', 'pkcs1') },
]

/** Every algorithm of key pairs, in every form that its keys come in. */
const keys = [
  ...['rsa-v1_5-sha256', 'rsa-v1_5-sha512', 'rsa-pss-sha512'].flatMap(inRsa),
  { algorithm: 'rsa-pss-sha512', form: 'for PSS', ...exported(pss, 'pkcs8') },
  ...Object.entries(curves).flatMap(([algorithm, namedCurve]) => {
    const pair = generateKeyPairSync('ec', { namedCurve })
    return [
      { algorithm, form: 'PKCS#8', ...exported(pair, 'pkcs8') },
      { algorithm, form: 'SEC 1', ...exported(pair, 'sec1') },
    ]
  }),
  { algorithm: 'ed25519', form: 'PKCS#8', ...exported(generateKeyPairSync('ed25519'), 'pkcs8') },
]

/** Keys that some platforms would take, and the library does not: it takes the same ones everywhere. */
const refusedKeys = [
  ...inBoth('RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 })),
  ...inBoth('RSA with the exponent 3', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })),
  { name: 'compressed point, public', algorithm: 'ecdsa-p256-sha256', publicKey: compressed() },
]

function inBoth(name, pair) {
  const { privateKey, publicKey } = exported(pair, 'pkcs8')
  const algorithm = 'rsa-v1_5-sha256'
  return [
    { name: `${name}, private`, algorithm, privateKey },
    { name: `${name}, public`, algorithm, publicKey },
  ]
}

/** A P-256 key whose point is written with one coordinate (SEC 1 §2.3.3), which Node reads and WebCrypto need not. */
function compressed() {
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const sign = (Buffer.from(y, 'base64url').at(-1) ?? 0) & 1
  const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')
  const der = Buffer.concat([head, Buffer.of(2 + sign), Buffer.from(x, 'base64url')])
  return (
    createPublicKey({ key: der, type: 'spki', format: 'der' }) &&
    `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`
  )
}

/** A client that signs the path in the place of the whole URL. */
const TIME = '1647356399'
const path = '/qapi/v1/balance?a=1'
const wrong = createHmac('sha256', Buffer.from(SECRET, 'base64')).update(`${TIME}GET${path}`).digest('base64url')

/** All that the program is given, as JSON. */
export const cases = {
  calls,
  messages,
  keys,
  refusedKeys,
  adapter: { keyId: 'k', secret: SECRET },
  explain: {
    scheme: 'qredo-v1',
    secret: SECRET,
    request: {
      method: 'GET',
      url: `https://api.qredo.network${path}`,
      headers: { 'qredo-api-key': 'k', 'qredo-api-ts': TIME, 'qredo-api-sig': wrong },
    },
  },
  qredo: qredoCase(),
}

function qredoCase() {
  const { secret, timestamp, url, signature } = vectors('qredo-v1').vectors.find(({ method }) => method === 'GET')
  return { secret, xtime: timestamp, url, signature }
}
