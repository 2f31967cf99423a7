import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import type { BodyDigest, Key } from 'countersign'
import { SignJWT } from 'jose'
import { ServerError } from '../errors.ts'
import { principalOf } from '../keys/open-key.ts'

export interface IdentityOptions {
  /** Private Ed25519 keys in PEM. The first one signs; all are published, so that keys can change without a gap. */
  readonly keys: readonly (string | Buffer)[]
  /** For whom it is, which the service compares; for the gateway's own upstream. Default: the upstream's URL. */
  readonly audience?: string | undefined
}

/** The call that a token is for. */
interface IdentifiedCall {
  readonly key: Key
  /** As the log has it. */
  readonly requestId: string
  readonly method: string
  /** As the upstream is sent it. */
  readonly target: string
  /** As `Content-Digest` has it, RFC 9530. */
  readonly digest: string
  /** For whom it is. */
  readonly audience: string
}

/** Says who makes a call so that a service can tell the gateway from its neighbours: a JWT of one call, RFC 7519. */
export interface IdentitySigner {
  sign(call: IdentifiedCall): Promise<string>
  /** The public keys, RFC 7517. */
  readonly jwks: string
}

/** Where the gateway answers with them. */
export const JWKS_PATH = '/.well-known/countersign/jwks.json'

/** In seconds: a service checks it when the request comes in. */
export const LIFETIME_S = 60

/**
 * @param now the time, in milliseconds
 * @throws ServerError `identity-key-invalid`
 */
export function createIdentitySigner(keys: IdentityOptions['keys'], now: () => number = Date.now): IdentitySigner {
  const pairs = keys.map(readKey)
  const [first] = pairs
  if (first === undefined) throw new ServerError('identity-key-invalid', 400, 'Name a key that identities are signed with.')
  const header = { alg: 'EdDSA', typ: 'JWT', kid: first.jwk.kid }
  return {
    jwks: JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }),
    sign({ key, requestId, method, target, digest, audience }) {
      const { organisationId, fundId, walletId } = principalOf(key)
      const nowS = Math.floor(now() / 1000)
      return new SignJWT({
        aud: audience,
        sub: key.id,
        // Not the id of the request, which a client may choose, and choose twice.
        jti: randomUUID(),
        request: requestId,
        iat: nowS,
        exp: nowS + LIFETIME_S,
        method,
        target,
        digest,
        organisation: organisationId,
        permissions: [...key.permissions],
        scheme: key.schemeName,
        fund: fundId,
        wallet: walletId,
      })
        .setProtectedHeader(header)
        .sign(first.privateKey)
    },
  }
}

function readKey(pem: string | Buffer) {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch {
    // The reason may quote the key.
    throw new ServerError('identity-key-invalid', 400, 'A key that identities are signed with is a private key in PEM.')
  }
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new ServerError(
      'identity-key-invalid',
      400,
      'Identities are signed with Ed25519: openssl genpkey -algorithm ed25519 makes a key.',
    )
  const { crv, kty, x } = createPublicKey(privateKey).export({ format: 'jwk' })
  // RFC 7638: these members, in this order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
  return { privateKey, jwk: { crv, kty, x, kid, alg: 'EdDSA', use: 'sig' } }
}

/** The digest of a body that is all there, in one piece or several. */
export async function digestOf(body: Uint8Array | AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const hash = createHash('sha256')
  if (body instanceof Uint8Array) hash.update(body)
  else if (body !== undefined) for await (const piece of body) hash.update(piece)
  return `sha-256=:${hash.digest('base64')}:`
}

/** The digest that the client signed, of a body that is compared with it while it is passed on. */
export function digestAsSigned({ algorithm, encoding, text }: BodyDigest): string {
  return `${algorithm.replace('sha', 'sha-')}=:${Buffer.from(text, encoding).toString('base64')}:`
}
