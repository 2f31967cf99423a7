import type { HttpBindings } from '@hono/node-server'
import { tell } from 'countersign'
import type { Context, Hono } from 'hono'
import type { IDToken } from 'openid-client'
import { ServerError } from '../../errors.ts'
import type { Administrator, Administrators } from '../administrators.ts'
import { cookieOf, type Sessions, sessionCookie } from '../sessions.ts'
import { createThrottle } from '../throttle.ts'
import type { OidcSettings } from './oidc-settings.ts'
import { type Attempt, CALLBACK_PATH, type Provider } from './provider.ts'

type Bindings = { Bindings: Partial<HttpBindings> }

export interface OidcSignInOptions {
  readonly settings: OidcSettings
  readonly provider: Provider
  readonly administrators: Administrators
  readonly sessions: Sessions
  readonly clock: () => number
  readonly onRefused?: ((code: string, request: { method: string; target: string; address: string }) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

const START_PATH = '/admin/v1/session/oidc'
const ATTEMPT_COOKIE = 'countersign_sign_in'
/** How long a person may take at the provider. */
const ATTEMPT_S = 600
const WORD = /^[A-Za-z0-9_-]{16,128}$/

/**
 * Signs administrators in by OpenID Connect: `GET /admin/v1/session/oidc` sends the browser to the provider, which
 * sends it back to the callback, and that begins a session. Both end in the console, which is told what went wrong.
 */
export function addOidcSignIn(app: Hono<Bindings>, options: OidcSignInOptions): void {
  const { settings, provider, administrators, sessions, clock, onRefused, onError } = options
  // Of its own: behind a proxy all people have one address, and tokens are the way back in.
  const throttle = createThrottle(clock)
  const isSecure = settings.publicOrigin.startsWith('https:')
  const attributes = `HttpOnly; SameSite=Lax; Path=${START_PATH}${isSecure ? '; Secure' : ''}`

  app.get(START_PATH, async context => {
    try {
      const { url, attempt } = await provider.begin()
      context.header('set-cookie', `${ATTEMPT_COOKIE}=${textOf(attempt)}; ${attributes}; Max-Age=${ATTEMPT_S}`)
      return context.redirect(url.href, 303)
    } catch (error) {
      return refused(context, error)
    }
  })

  app.get(CALLBACK_PATH, async context => {
    const address = context.env?.incoming?.socket.remoteAddress ?? ''
    // Each try is good once, whatever becomes of it.
    context.header('set-cookie', `${ATTEMPT_COOKIE}=; ${attributes}; Max-Age=0`)
    try {
      const attempt = readAttempt(cookieOf(context.req.header('cookie') ?? '', ATTEMPT_COOKIE))
      if (attempt === undefined)
        throw new ServerError('oidc-expired', 403, 'That took too long, or began in another browser: sign in again.')
      const administrator = await administratorFor(address, () => provider.finish(new URL(context.req.url).search, attempt))
      const { id, cookie } = await begin(administrator, address)
      context.header('set-cookie', cookie, { append: true })
      return context.redirect(`/console/#signed-in=${encodeURIComponent(id)}`, 303)
    } catch (error) {
      return refused(context, error)
    }
  })

  /** Strangers may have no more tries than with tokens. */
  async function administratorFor(address: string, finish: () => Promise<IDToken>): Promise<Administrator> {
    const attempt = await throttle.begin(address)
    if (typeof attempt === 'number')
      throw new ServerError('login-throttled', 429, `Too many tries: try again in ${Math.ceil(attempt / 1000)} s.`)
    let isRight: boolean | undefined
    try {
      const administrator = await find(await finish())
      isRight = administrator !== undefined
      if (administrator !== undefined) return administrator
      throw new ServerError(
        'oidc-unknown-person',
        403,
        'You are no administrator here: ask an operator to add you to the people of its settings.',
      )
    } catch (error) {
      // Whoever goes back at the provider has tried nothing.
      if (error instanceof ServerError && error.status === 403 && error.code !== 'oidc-denied') isRight = false
      throw error
    } finally {
      attempt.end(isRight)
    }
  }

  /** The first of the settings' people that this is decides, also where that administrator is disabled. */
  async function find(claims: IDToken): Promise<Administrator | undefined> {
    const first = settings.people.find(person => isPerson(person, claims))
    return first === undefined ? undefined : await administrators.find(first.administrator, '')
  }

  async function begin(administrator: Administrator, address: string) {
    const { id, organisationId: _ } = administrator
    const begun = await sessions.begin({ name: `admin:${id}`, address }, administrator, undefined)
    return { id, cookie: sessionCookie(begun.id, isSecure) }
  }

  function refused(context: Context<Bindings>, error: unknown): Response {
    const known = error instanceof ServerError ? error : new ServerError('internal', 500, 'Something went wrong on our side.', error)
    // What was wrong is for the log alone: a client's secret that is not right, a clock, another name of the issuer.
    if (known.cause instanceof Error)
      tell(onError, new ServerError(known.code, known.status, `sign-in by OpenID Connect: ${reasonOf(known.cause)}`))
    else if (known.status >= 500) tell(onError, known)
    if (known.status < 500)
      tell(onRefused, known.code, {
        method: context.req.method,
        target: context.req.path,
        address: context.env?.incoming?.socket.remoteAddress ?? '',
      })
    return context.redirect(`/console/#problem=${encodeURIComponent(known.code)}`, 303)
  }
}

/** Of an error and what caused it, each in its own words: they have no tokens in them. */
function reasonOf(error: Error): string {
  const inner = error.cause instanceof Error && error.cause.message !== error.message ? ` (${error.cause.message})` : ''
  return (error.message + inner).slice(0, 300)
}

function isPerson(person: OidcSettings['people'][number], claims: IDToken): boolean {
  if ('subject' in person) return claims.sub === person.subject
  if ('email' in person) {
    const { email, email_verified: isVerified } = claims
    return isVerified === true && typeof email === 'string' && inSmallLetters(email) === inSmallLetters(person.email)
  }
  const { groups } = claims
  return Array.isArray(groups) && groups.includes(person.group)
}

/** Those of ASCII alone: others have letters that only become the same by it, such as the sign for kelvin and `k`. */
function inSmallLetters(text: string): string {
  return text.replace(/[A-Z]/g, letter => letter.toLowerCase())
}

function textOf({ state, nonce, verifier }: Attempt): string {
  return [state, nonce, verifier].join('.')
}

function readAttempt(text: string | undefined): Attempt | undefined {
  const [state = '', nonce = '', verifier = '', ...more] = (text ?? '').split('.')
  return more.length === 0 && [state, nonce, verifier].every(word => WORD.test(word)) ? { state, nonce, verifier } : undefined
}
