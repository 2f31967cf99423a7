import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { Administrator, Administrators } from './administrators.ts'
import type { Access } from './route.ts'
import { cookieOf, isCsrfToken, SESSION_COOKIE, type Sessions } from './sessions.ts'
import type { Throttle } from './throttle.ts'

export interface Identity {
  readonly administrator: Administrator
  readonly sessionId: string | undefined
  /** The token that it is made by, if it is not by a session. */
  readonly token: string | undefined
  /**
   * Looks again, in a transaction, whether token or session is still good.
   *
   * @throws ServerError `token-wrong`, `not-signed-in`
   */
  check(transaction: Db): Promise<void>
}

export interface AuthenticateOptions {
  readonly administrators: Administrators
  readonly sessions: Sessions
  readonly throttle: Throttle
}

const SAFE = new Set(['GET', 'HEAD'])

/**
 * Who makes a call: by a token (`Authorization: Bearer csa_…`), or by the cookie of a session, which for every change
 * needs the token against cross-site requests as well.
 *
 * @throws ServerError 401, 403, 429
 */
export async function authenticate(request: Request, address: string, options: AuthenticateOptions): Promise<Identity> {
  const { administrators, sessions, throttle } = options
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (bearer !== undefined) {
    const attempt = await throttle.begin(address)
    if (typeof attempt === 'number')
      throw new ServerError('login-throttled', 429, `Too many wrong tokens: try again in ${Math.ceil(attempt / 1000)} s.`)
    let isRight: boolean | undefined
    try {
      const administrator = await administrators.authenticate(bearer)
      isRight = administrator !== undefined
      return {
        administrator: known(administrator),
        sessionId: undefined,
        token: bearer,
        check: async from => void known(await administrators.authenticate(bearer, from)),
      }
    } finally {
      attempt.end(isRight)
    }
  }
  const sessionId = cookieOf(request.headers.get('cookie') ?? '', SESSION_COOKIE)
  const bySession = async (from?: Db): Promise<Administrator> => {
    const session = sessionId === undefined ? undefined : await sessions.find(sessionId, from)
    const administrator = session === undefined ? undefined : await administrators.find(session.administratorId, session.tokenHash, from)
    if (administrator === undefined) throw new ServerError('not-signed-in', 401, 'Sign in, or send a token: Authorization: Bearer csa_….')
    return administrator
  }
  const administrator = await bySession()
  if (sessionId !== undefined && !SAFE.has(request.method)) {
    const site = request.headers.get('sec-fetch-site')
    const isForeign = site !== null && site !== 'same-origin'
    if (isForeign || !isCsrfToken(sessionId, request.headers.get('x-csrf-token') ?? undefined))
      throw new ServerError(
        'csrf-token-wrong',
        403,
        'The call does not come from the console’s own page: send x-csrf-token, as the session gave it.',
      )
  }
  return { administrator, sessionId, token: undefined, check: async from => void (await bySession(from)) }
}

/** @throws ServerError `token-wrong` */
function known(administrator: Administrator | undefined): Administrator {
  if (administrator === undefined) throw new ServerError('token-wrong', 401, 'The token is not right, was disabled, or has expired.')
  return administrator
}

/** @throws ServerError `role-denied` */
export function checkAccess({ role }: Administrator, access: Access): void {
  if (access === 'write' && role === 'auditor')
    throw new ServerError('role-denied', 403, 'An auditor reads and changes nothing: an admin can do this.')
  if (access === 'operator' && role !== 'operator') throw new ServerError('role-denied', 403, 'Only an operator can do this.')
}
