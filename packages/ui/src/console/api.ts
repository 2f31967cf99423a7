import type {
  AdministratorView,
  AuditEntry,
  Ceilings,
  KeyChanges,
  KeyDay,
  KeyPage,
  KeyView,
  NewKey,
  OrganisationView,
  Permission,
  Role,
  Rotation,
  ShownKey,
} from '@countersign/server'

/** Who is signed in. */
export interface SignedIn {
  readonly administrator: Pick<AdministratorView, 'id' | 'name' | 'role' | 'organisationId'>
}

interface RefusalCount {
  readonly at: string
  readonly code: string
  readonly title: string
  readonly count: number
  readonly samples: readonly { readonly at: string; readonly method: string; readonly path: string; readonly address: string }[]
  readonly causes: readonly { readonly code: string; readonly did: string; readonly fix: string }[]
}

export interface Usage {
  readonly lastUsedAt: string | null
  readonly days: readonly KeyDay[]
  readonly refusals: readonly RefusalCount[]
}

export interface SchemeView {
  readonly name: string
  readonly title: string
  readonly keys: 'secret' | 'key-pair' | 'either'
  /** Whether the server knows that calls by it are taken. */
  readonly used: boolean
}

export interface NewAdministrator {
  readonly name: string
  readonly role: Role
  readonly organisationId?: string | undefined
  readonly expiresAt: string | null
}

/** A token, which is shown this once. */
export interface ShownToken {
  readonly administrator: AdministratorView
  readonly token: string
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  readonly next: number | null
}

/** What the server refused, in its words. */
class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export type Api = ReturnType<typeof createApi>

/**
 * The admin API from a page: the session is a cookie that no script sees, and the token against cross-site requests is
 * held here.
 */
export function createApi(onSignedOut: () => void) {
  let csrfToken = ''

  async function call<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    let response: Response
    try {
      response = await fetch(`../admin/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(method === 'GET' ? {} : { 'x-csrf-token': csrfToken }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch {
      throw new Refused(0, 'network', 'The server does not answer: is it running?')
    }
    const text = await response.text()
    const value = (text === '' ? undefined : JSON.parse(text)) as T & { code?: string; detail?: string }
    if (response.ok) return value
    if (response.status === 401 && token === undefined) onSignedOut()
    throw new Refused(response.status, value?.code ?? 'refused', value?.detail ?? `Status ${response.status}`)
  }

  const at = (id: string): string => `/keys/${encodeURIComponent(id)}`
  const query = (given: object): string => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(given)) if (value !== undefined && value !== '') search.set(name, String(value))
    return search.size === 0 ? '' : `?${search}`
  }

  async function session(method: 'GET' | 'POST', token?: string): Promise<SignedIn> {
    const { csrfToken: given, ...signedIn } = await call<SignedIn & { csrfToken: string }>(method, '/session', undefined, token)
    csrfToken = given
    return signedIn
  }

  return {
    signIn: (token: string) => session('POST', token),
    resume: () => session('GET'),
    /** How one may sign in, beside a token. */
    signInWays: () => call<{ readonly oidc: boolean }>('GET', '/sign-in'),
    signOut: () => call<void>('DELETE', '/session'),
    permissions: () => call<readonly Permission[]>('GET', '/permissions'),
    schemes: () => call<readonly SchemeView[]>('GET', '/schemes'),
    organisations: () => call<readonly OrganisationView[]>('GET', '/organisations'),
    list: (asked: { search?: string; state?: string; cursor?: string | undefined; limit?: number }) =>
      call<KeyPage>('GET', `/keys${query(asked)}`),
    get: (id: string) => call<KeyView>('GET', at(id)),
    create: (key: NewKey, organisation?: string) => call<ShownKey>('POST', `/keys${query({ organisation })}`, key),
    update: (id: string, changes: KeyChanges) => call<KeyView>('PATCH', at(id), changes),
    rotate: (id: string, rotation: Rotation) => call<ShownKey>('POST', `${at(id)}/rotate`, rotation),
    set: (id: string, verb: 'enable' | 'disable' | 'revoke') => call<KeyView>('POST', `${at(id)}/${verb}`),
    usage: (id: string) => call<Usage>('GET', `${at(id)}/usage`),
    setCeilings: (id: string, ceilings: Ceilings) =>
      call<{ readonly exceeding: readonly string[] }>('PUT', `/organisations/${encodeURIComponent(id)}/ceilings`, ceilings),
    administrators: () => call<readonly AdministratorView[]>('GET', '/administrators'),
    createAdministrator: (given: NewAdministrator) => call<ShownToken>('POST', '/administrators', given),
    disableAdministrator: (id: string) => call<void>('DELETE', `/administrators/${encodeURIComponent(id)}`),
    /** With the token itself: a session can't. */
    renewToken: (token: string) => call<ShownToken>('POST', '/session/token', undefined, token),
    audit: (asked: { subject?: string; before?: number; limit?: number }) => call<AuditPage>('GET', `/audit${query(asked)}`),
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
