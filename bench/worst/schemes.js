import { generateKeyPairSync } from 'node:crypto'
import { createSigner, createVerifier, defineScheme, memoryKeys } from 'countersign'
import { httpMessageSignatures } from 'countersign/http-signatures'
import { SCHEMES } from 'countersign/schemes'

const ORIGIN = 'https://api.example.com'
export const NOW = Math.floor(Date.now() / 1000) * 1000
const KEY_ID = 'k'
const PASSPHRASE = 'a-passphrase'
const SIGV4_PLACE = { service: 'execute-api', region: 'eu-west-1' }

/** Declared schemes whose carriers are harder to take apart than those of the registry. */
const ODD = [
  declared('odd-one-header', { authorization: 'Mine {keyId}:{nonce}:{timestamp}:{signature}' }),
  declared('odd-dashes', { authorization: '{keyId}--{timestamp}--{signature}', 'x-nonce': '{nonce}' }),
  declared('odd-list', {
    authorization: { prefix: 'Mine ', separator: ', ', items: ['k={keyId}', 'n={nonce}', 't={timestamp}', 's={signature}'] },
  }),
  declared('odd-list-of-pairs', { authorization: { separator: ';', items: ['k={keyId}', 'nt={nonce}.{timestamp}', 's={signature}'] } }),
  declared('odd-encoded', { authorization: 'Mine {keyId|percent-encode}', 'x-stamp': '{nonce} {timestamp}', 'x-sign': 'v1={signature}' }),
  defineScheme({
    name: 'odd-passphrase',
    title: 'A passphrase beside other values',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds', 'http-date', 'iso8601'] },
    message: '{timestamp}\n{method}\n{target}\n{body}',
    signature: { encoding: 'base64' },
    headers: { 'x-auth': '{keyId}, {passphrase}, {timestamp}', 'x-sign': '{signature}' },
  }),
  defineScheme({
    name: 'odd-parameters',
    title: 'Visible parameters, sorted query, headers and hashes',
    algorithm: 'hmac-sha512',
    timestamp: { formats: ['seconds'] },
    parameters: {
      scope: { characters: 'visible', without: '/', default: 'a' },
      tenant: { characters: 'visible', without: '/,', default: 'b' },
    },
    message: '{timestamp}\n{method}\n{path}\n{query|sorted}\n{scope}\n{tenant}\n{header.content-type|lower}\n{body|sha256|hex}',
    signature: { encoding: 'base64url' },
    headers: {
      'x-key': '{keyId}',
      'x-scope': '{scope}/{tenant}/{timestamp}',
      'x-digest': '{body|sha256|hex}',
      'x-sign': { separator: ' ', items: ['v1,{signature}'] },
    },
  }),
  defineScheme({
    name: 'odd-query',
    title: 'Everything in the query',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message: '{method}\n{path}\n{query}\n{body|sha512|base64}',
    signature: { encoding: 'hex' },
    query: { key: '{keyId|percent-encode}', nonce: '{nonce}', time: '{timestamp}', sig: '{signature}' },
  }),
]

function declared(name, headers) {
  return defineScheme({
    name,
    title: name,
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['milliseconds'] },
    message: '{timestamp}\n{nonce}\n{method}\n{target}\n{body|sha256|hex}',
    signature: { encoding: 'hex' },
    headers,
  })
}

const COVERS = httpMessageSignatures({ name: 'rfc9421-without-digest', components: ['@method', '@target-uri'] })

/** Every scheme of the registry, and some more. */
export const MEASURED = [...SCHEMES, COVERS, ...ODD]

/** Key pairs that are made once. */
const pairs = new Map()

export function pairOf(kind) {
  let pair = pairs.get(kind)
  if (pair === undefined) {
    const [type, options] = KINDS[kind]
    pair = generateKeyPairSync(type, {
      ...options,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    pairs.set(kind, pair)
  }
  return pair
}

const KINDS = {
  'rsa-2048': ['rsa', { modulusLength: 2048 }],
  'rsa-4096': ['rsa', { modulusLength: 4096 }],
  p256: ['ec', { namedCurve: 'prime256v1' }],
  p384: ['ec', { namedCurve: 'secp384r1' }],
  ed25519: ['ed25519', {}],
}

/** A secret that the scheme takes. */
export function secretOf(byte) {
  return Buffer.alloc(40, byte)
}

/** A request as a client of the scheme would send it, with headers as Node has them: to be spoilt. */
export function signedRequest(scheme, { hasBody = true } = {}) {
  const credentials = {
    ...(scheme.keys === 'key-pair' ? { privateKey: pairOf('rsa-2048').privateKey } : { secret: secretOf(5) }),
    ...(scheme.keyId === 'none' ? {} : { keyId: KEY_ID }),
    ...(scheme.hasPassphrase ? { passphrase: PASSPHRASE } : {}),
  }
  const takes = scheme.base?.takes.parameters ?? []
  const parameters = takes.includes('service') ? { ...SIGV4_PLACE, ...(takes.includes('expires') ? { expires: '300' } : {}) } : undefined
  const method = takesPost(scheme) ? 'POST' : 'GET'
  const signer = createSigner(scheme, credentials, { clock: () => NOW, ...(parameters === undefined ? {} : { parameters }) })
  const headers = (scheme.message.of ?? []).some(part => JSON.stringify(part).includes('header.content-type'))
    ? { 'content-type': 'a/b' }
    : {}
  const body = method === 'GET' || !hasBody ? undefined : hasForm(scheme) ? 'a=1' : '{"a":1}'
  const signed = signer.sign({ method, url: `${ORIGIN}/v1/orders`, headers, ...(body === undefined ? {} : { body }) })
  const names = Object.keys(signed.headers).map(name => name.toLowerCase())
  return {
    method,
    target: signed.url.slice(ORIGIN.length),
    headers: [...(names.includes('host') ? [] : [['host', 'api.example.com']]), ...Object.entries({ ...headers, ...signed.headers })],
    body: signed.body,
  }
}

function takesPost(scheme) {
  return scheme.only.methods?.includes('POST') ?? true
}

function hasForm(scheme) {
  return scheme.carriers?.some(carrier => carrier.in === 'form') ?? false
}

/**
 * A verifier that does not know the key of those requests, or knows one of that id with another secret.
 *
 * @param {{ isKnown: boolean, publicKey?: string, algorithm?: string, secrets?: Buffer[] }} key
 */
export function verifierFor(scheme, { isKnown, publicKey, algorithm, secrets }, options = {}) {
  const own = scheme.keys === 'key-pair' ? { publicKey: publicKey ?? pairOf('rsa-4096').publicKey } : undefined
  const key = {
    id: KEY_ID,
    ...(own ?? (publicKey === undefined ? { secrets: secrets ?? [secretOf(9)] } : { publicKey })),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(scheme.hasPassphrase ? { passphrase: PASSPHRASE } : {}),
  }
  return createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, isKnown ? [key] : []),
    clock: () => NOW,
    limits: { maxTargetLength: 16_384 },
    ...(scheme.keyId === 'none' ? { keyId: KEY_ID } : {}),
    ...options,
  })
}
