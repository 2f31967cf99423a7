import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import undeclared from '../../../vectors/undeclared.json' with { type: 'json' }
import { requireSignature } from '../src/adapters/node.ts'
import { type SampleRequest, sampleRequest } from '../src/code/index.ts'
import { defineScheme } from '../src/define/define.ts'
import { memoryKeys } from '../src/keys/key.ts'
import type { SchemeDeclaration } from '../src/scheme/declaration.ts'
import { type DeclaredScheme, isDeclared } from '../src/scheme/scheme.ts'
import { SCHEMES } from '../src/schemes/registry.ts'
import { createVerifier } from '../src/verify/verify.ts'

/** The secret of `key-1`, by how a scheme writes secrets. */
export const SECRETS = {
  utf8: 'whsec-of-20-bytes-$"\'',
  hex: Buffer.alloc(24, 0xfb).toString('hex'),
  base64: Buffer.alloc(61, 0xfb).toString('base64url'),
}
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
/** The private key of `key-1`, for schemes with key pairs. */
export const PRIVATE_KEY = pair.privateKey

/** Everything a declaration can ask for, in one. */
const everything = defineScheme({
  name: 'everything',
  title: 'Made up: everything at once',
  algorithm: 'hmac-sha512',
  secret: { encoding: 'hex' },
  timestamp: { formats: ['iso8601-seconds'] },
  nonce: { formats: ['uuid'] },
  parameters: { window: { default: '5000', characters: 'digits' }, call: { generate: 'random', characters: 'token' } },
  message: [
    'key={keyId}\0{timestamp}\t{nonce}\n{window}|{call}\n{method|lower} {path}\n{query|sorted}\n{host}\n{passphrase}\n{url|percent-encode}\n"quoted" \'$HOME\' `x` 100% \\ {{}}\n',
    '{body|sha1|hex-upper}:{body|sha384|base64url-padded}',
  ],
  signature: { encoding: 'base64url-padded' },
  headers: {
    'x-auth': {
      prefix: 'Mine ',
      separator: ', ',
      items: ['key="{keyId}"', 't="{timestamp}"', 'n="{nonce}"', 'w={window}', 'c={call}', 's="{signature|percent-encode}"'],
    },
    'x-pass': '{passphrase|hmac|base64-unpadded}',
    digest: 'SHA-1={body|sha1|hex-upper}',
  },
})
/** Which calls are taken by a scheme that does not sign all of a request. */
const ONLY: { readonly [name: string]: SchemeDeclaration['only'] } = {
  bitfinex: { methods: ['POST'] },
  paddle: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
  sorted: { methods: ['GET'], paths: 'any' },
}
const EXTRA: readonly DeclaredScheme[] = [
  everything,
  ...(['microseconds', 'decimal-seconds', 'iso8601-basic', 'http-date'] as const).map((format, index) =>
    defineScheme({
      name: `time-${format}`,
      title: format,
      algorithm: index % 2 === 0 ? 'hmac-sha1' : 'hmac-sha384',
      timestamp: { formats: [format] },
      nonce: { formats: [(['hex', 'microseconds', 'nanoseconds', 'random'] as const)[index] ?? 'any'] },
      message: '{timestamp}\n{nonce}\n{method|upper}\n{target}\n{body}',
      signature: { encoding: (['base64-unpadded', 'hex-upper', 'base64', 'hex'] as const)[index] ?? 'hex' },
      headers: { t: '{timestamp}', n: '{nonce}', k: '{keyId}', s: '{signature}' },
    }),
  ),
  ...undeclared.vectors.map(({ declaration }) =>
    defineScheme({ ...(declaration as SchemeDeclaration), only: ONLY[declaration.name] ?? {} }),
  ),
]
/** The schemes that every language is tried with. */
export const SAMPLED: readonly DeclaredScheme[] = [...SCHEMES.filter(isDeclared), ...EXTRA]

/** A running API, and the codes of what it refused. */
export interface Api {
  readonly origin: string
  readonly refusals: string[]
  close(): void
}

/** An API behind a verifier of the scheme, that answers with the body it verified. */
export async function startApi(scheme: DeclaredScheme): Promise<Api> {
  const refusals: string[] = []
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = memoryKeys(scheme, [
    {
      id: 'key-1',
      ...(scheme.hasPassphrase ? { passphrase: 'pass "phrase"'.replaceAll(' ', '-') } : {}),
      ...(scheme.keys === 'secret' ? { secret: SECRETS[scheme.secret.encoding] } : { publicKey: pair.publicKey }),
    },
  ])
  const verifier = createVerifier(scheme, { origin, keys, ...(scheme.keyId === 'carried' ? {} : { keyId: 'key-1' }) })
  server.on(
    'request',
    requireSignature(verifier, (_request, response, { body }) => response.end(`ok ${Buffer.from(body ?? []).toString('hex')}`), {
      onRefused: failure => refusals.push(failure.code),
    }),
  )
  return { origin, refusals, close: () => server.close() }
}

/** The one that is printed by default, with a nastier query and body. */
export function requestFor(scheme: DeclaredScheme, origin: string): SampleRequest {
  const { method, url, body } = sampleRequest(scheme, `${origin}/v1/orders`)
  const isJson = body?.startsWith('{') === true
  return {
    method,
    url: url.includes('?') ? url.replace(/\?.*/, '?b=%20x&a=1') : url,
    body: isJson ? '{"note": "für 5 € $HOME \'quoted\' \\\\ `x` %s", "n": [1, true]}\n' : body,
  }
}

/** What a sample is told of its key, in the environment. */
export const sampleEnvironment = (scheme: DeclaredScheme, privateKeyFile: string): NodeJS.ProcessEnv => ({
  ...process.env,
  API_KEY: 'key-1',
  API_SECRET: SECRETS[scheme.secret.encoding],
  API_PASSPHRASE: 'pass-"phrase"',
  PRIVATE_KEY_FILE: privateKeyFile,
  GOFLAGS: '-buildvcs=false',
})
