import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type IDToken,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { errorCodeOf, ServerError } from '../../errors.ts'
import type { OidcSettings } from './oidc-settings.ts'

/** What has to be known when the person comes back: kept by their browser, in a cookie that no script reads. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface Provider {
  /** Where to send a person who wants to sign in. @throws ServerError `oidc-unavailable` */
  begin(): Promise<{ readonly url: URL; readonly attempt: Attempt }>
  /**
   * Who came back, by an ID token whose signature, issuer, audience, time and nonce hold.
   *
   * @param query of the call that they came back with
   * @throws ServerError `oidc-unavailable`, `oidc-denied`, `oidc-wrong`
   */
  finish(query: string, attempt: Attempt): Promise<IDToken>
}

export const CALLBACK_PATH = '/admin/v1/session/oidc/callback'
const TIMEOUT_S = 5

export function createProvider(settings: OidcSettings, clientSecret: string | undefined): Provider {
  const { issuer, clientId, publicOrigin, scopes = ['email'] } = settings
  const redirect = new URL(CALLBACK_PATH, publicOrigin).href
  let found: Promise<Configuration> | undefined

  /** Asked again after a failure. */
  function configuration(): Promise<Configuration> {
    found ??= discovery(new URL(issuer), clientId, {}, clientSecret === undefined ? None() : ClientSecretBasic(clientSecret), {
      timeout: TIMEOUT_S,
      execute: [enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [allowInsecureRequests] : [])],
    }).catch((error: unknown) => {
      found = undefined
      throw unavailable(error)
    })
    return found
  }

  return {
    async begin() {
      const config = await configuration()
      const attempt = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirect,
        scope: ['openid', ...scopes].join(' '),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
      })
      return { url, attempt }
    },
    async finish(query, { state, nonce, verifier }) {
      const config = await configuration()
      try {
        const tokens = await authorizationCodeGrant(config, new URL(`${redirect}${query}`), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (claims === undefined) throw new Error('no ID token')
        const isWhole = claims['email'] !== undefined || claims['groups'] !== undefined
        if (isWhole || config.serverMetadata().userinfo_endpoint === undefined) return claims
        // Many providers say there alone what was asked for.
        return { ...(await fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims }
      } catch (error) {
        const code = new URLSearchParams(query).get('code')
        const cause = await withWords(error, [clientSecret, encodeURIComponent(clientSecret ?? ''), code, state, nonce, verifier])
        if (error instanceof AuthorizationResponseError)
          throw new ServerError('oidc-denied', 403, `The provider did not let you sign in (${printable(error.error)}).`, cause)
        if (isAway(error)) throw unavailable(cause)
        throw new ServerError('oidc-wrong', 403, 'What the provider sent does not hold, or is over: sign in again.', cause)
      }
    },
  }
}

/** What a provider says of a refusal (RFC 6749, sections 4.1.2.1 and 5.2). */
interface Words {
  readonly error?: unknown
  readonly error_description?: unknown
}

/**
 * The error with the provider's own words, for the log: `invalid_client: wrong secret`.
 *
 * @param secrets without any of these: a provider may repeat what it was sent
 */
async function withWords(error: unknown, secrets: readonly (string | null | undefined)[]): Promise<unknown> {
  const words = await wordsOf(error)
  if (words === undefined || !(error instanceof Error)) return error
  const said = [words.error, words.error_description].filter(text => typeof text === 'string').map(text => inOneLine(text))
  const harmless = said.filter(text => text !== '' && !secrets.some(secret => secret && text.includes(secret)))
  return harmless.length === 0 ? error : new Error(`${error.message}: ${harmless.join(': ')}`)
}

async function wordsOf(error: unknown): Promise<Words | undefined> {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) return error
  if (!(error instanceof WWWAuthenticateChallengeError)) return undefined
  const challenge = error.cause.find(({ parameters }) => parameters.error !== undefined)
  if (challenge !== undefined) return challenge.parameters
  const body: unknown = await error.response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? body : undefined
}

function unavailable(cause: unknown): ServerError {
  return new ServerError(
    'oidc-unavailable',
    503,
    'The provider that administrators sign in with does not answer as it should: try again, or sign in with a token.',
    cause,
  )
}

/** No connection, no answer in time, or one that says that something is broken there. */
function isAway(error: unknown): boolean {
  if (error instanceof Response) return error.status >= 500
  if (!(error instanceof Error)) return false
  if (error.name === 'TimeoutError' || AWAY.test(errorCodeOf(error) ?? '')) return true
  return isAway(error.cause)
}

const AWAY = /^(OAUTH_TIMEOUT|ECONN|ENOTFOUND|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|UND_ERR)/

/** Without what could end a line of the log, or change a terminal. */
export function inOneLine(text: string): string {
  return text
    .replaceAll(/[^ -~\u00a1-\u1fff]+/g, ' ')
    .trim()
    .slice(0, 200)
}

/** Of a word that a stranger may have put into the URL. */
function printable(word: string): string {
  return word.replaceAll(/[^a-z_]/g, '').slice(0, 50)
}
