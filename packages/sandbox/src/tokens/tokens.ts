import { randomUUID } from 'node:crypto'
import type { Sealer } from '@countersign/server'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { JWTExpired } from 'jose/errors'
import type { Store } from '../store/database.ts'

const TOKEN_SECONDS = 3_600
const ALGORITHM = 'EdDSA'
/** How long a key signs before the next one does. */
const ROTATE_MS = 86_400_000

export interface TokensOptions {
  readonly store: Store
  /** Seals the private keys. */
  readonly sealer: Sealer
  readonly clock: () => number
  /** `iss` and `aud` of every token. */
  readonly issuer: string
  readonly rotateMs?: number | undefined
}

/** Who a token speaks for. */
interface TokenHolder {
  readonly keyId: string
  readonly workspaceId: string
}

export interface Tokens {
  /** Good for {@link TOKEN_SECONDS}. */
  issue(holder: TokenHolder): Promise<string>
  verify(token: string): Promise<TokenHolder | 'expired' | 'malformed'>
  /** RFC 7517: what the tokens can be checked with. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
}

interface TokenKey {
  readonly id: string
  readonly createdAt: number
  readonly publicJwk: JWK
  readonly publicKey: CryptoKey
  readonly sealedPrivateJwk: string
}

/**
 * Makes and checks tokens: JWTs, signed with Ed25519. Keys are rotated: the newest signs, and the others stay until the
 * last token they signed has ended. Whose a token is stands in it; what its holder may do does not, so that a key that
 * is revoked ends its tokens, too.
 */
export function createTokens({ store, sealer, clock, issuer, rotateMs = ROTATE_MS }: TokensOptions): Tokens {
  let known: readonly TokenKey[] | undefined
  let signing: { readonly id: string; readonly key: CryptoKey } | undefined
  let renewing: Promise<readonly TokenKey[]> | undefined

  /** Those that are still wanted, the newest first; one at least, which may sign. */
  async function keys(): Promise<readonly TokenKey[]> {
    const [newest] = known ?? []
    if (known !== undefined && newest !== undefined && clock() < newest.createdAt + rotateMs) return known
    renewing ??= renew().finally(() => {
      renewing = undefined
    })
    return await renewing
  }

  async function renew(): Promise<readonly TokenKey[]> {
    const now = clock()
    // Beyond this, all that it signed has ended.
    await store
      .deleteFrom('token_key')
      .where('created_at', '<', now - rotateMs - TOKEN_SECONDS * 1000)
      .execute()
    const newest = await store.selectFrom('token_key').select('created_at').orderBy('created_at', 'desc').executeTakeFirst()
    if (newest === undefined || now >= newest.created_at + rotateMs) {
      const id = randomUUID()
      const pair = await generateKeyPair(ALGORITHM, { extractable: true })
      const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: id, alg: ALGORITHM, use: 'sig' }
      const privateJwk = await exportJWK(pair.privateKey)
      await store
        .insertInto('token_key')
        .values({
          id,
          public_jwk: JSON.stringify(publicJwk),
          sealed_private_jwk: await sealer.seal(Buffer.from(JSON.stringify(privateJwk)), id),
          created_at: now,
        })
        .execute()
    }
    const rows = await store.selectFrom('token_key').selectAll().orderBy('created_at', 'desc').execute()
    known = await Promise.all(
      rows.map(async row => {
        const publicJwk = JSON.parse(row.public_jwk) as JWK
        const publicKey = (await importJWK(publicJwk, ALGORITHM)) as CryptoKey
        return { id: row.id, createdAt: row.created_at, publicJwk, publicKey, sealedPrivateJwk: row.sealed_private_jwk }
      }),
    )
    return known
  }

  async function signingKey(): Promise<{ readonly id: string; readonly key: CryptoKey }> {
    const [newest] = await keys()
    if (newest === undefined) throw new Error('There is no key to sign tokens with.')
    if (signing?.id === newest.id) return signing
    const jwk = JSON.parse(new TextDecoder().decode(await sealer.open(newest.sealedPrivateJwk, newest.id))) as JWK
    signing = { id: newest.id, key: (await importJWK(jwk, ALGORITHM)) as CryptoKey }
    return signing
  }

  return {
    async issue({ keyId, workspaceId }) {
      const { id, key } = await signingKey()
      const now = Math.floor(clock() / 1000)
      return await new SignJWT({ workspace: workspaceId })
        .setProtectedHeader({ alg: ALGORITHM, kid: id, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(keyId)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + TOKEN_SECONDS)
        .sign(key)
    },
    async verify(token) {
      const own = await keys()
      let payload: JWTPayload
      try {
        const verified = await jwtVerify(
          token,
          ({ kid }) => {
            const key = own.find(({ id }) => id === kid)?.publicKey
            if (key === undefined) throw new Error('unknown key')
            return key
          },
          {
            algorithms: [ALGORITHM],
            issuer,
            audience: issuer,
            currentDate: new Date(clock()),
            requiredClaims: ['exp', 'iat', 'sub', 'workspace'],
          },
        )
        payload = verified.payload
      } catch (error) {
        return error instanceof JWTExpired ? 'expired' : 'malformed'
      }
      return { keyId: String(payload.sub), workspaceId: String(payload['workspace']) }
    },
    jwks: async () => ({ keys: (await keys()).map(({ publicJwk }) => publicJwk) }),
  }
}
