import type { Scheme } from 'countersign'
import type { z } from 'zod'
import type { AuditControl } from '../audit/audit-control.ts'
import type { Actor } from '../audit/audit-log.ts'
import type { Db } from '../database/database.ts'
import type { KeyStore, Within } from '../keys/key-store.ts'
import type { Permission } from '../keys/permissions.ts'
import type { Administrator, Administrators } from './administrators.ts'
import type { Sessions } from './sessions.ts'

/** Who may make a call. `public`: everybody. `read`: any administrator. `write`: no auditor. `operator`: only they. */
export type Access = 'public' | 'read' | 'write' | 'operator'

/** What the routes work with. */
export interface AdminContext {
  readonly db: Db
  readonly keys: KeyStore
  readonly audit: AuditControl
  readonly administrators: Administrators
  readonly sessions: Sessions
  /** Whether the console is behind TLS for its users. */
  readonly isSecure: boolean
  /** All that keys can have; undefined: any name. */
  readonly permissions: readonly Permission[] | undefined
  readonly schemes: readonly Scheme[]
  /** Those that a gateway takes, as far as that is known here. */
  readonly usedSchemes?: readonly string[] | undefined
  readonly clock: () => number
  /** Told of what should not have happened. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface AdminCall<Body, Query> extends AdminContext {
  readonly administrator: Administrator
  readonly actor: Actor
  /** The organisation that everything is restricted to. */
  readonly within: Within
  readonly params: { readonly [name: string]: string }
  readonly body: Body
  readonly query: Query
  /** The id of the session, when the call came with one. */
  readonly sessionId: string | undefined
  /** The administrator's token, when it came with that. */
  readonly token: string | undefined
}

/** A value, or a response that is more than one. */
export type Answer = { readonly status?: number; readonly value?: unknown; readonly headers?: Record<string, string> } | Response

/** One call of the API: checked, described and answered from here. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** With parameters as `{id}`. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly body?: z.ZodType | undefined
  readonly query?: z.ZodObject | undefined
  /** What it answers when all is well; left out: nothing, or text. */
  readonly answer?: z.ZodType | undefined
  readonly status: number
  readonly handle: (call: AdminCall<never, never>) => Promise<Answer>
}

type Read<Schema> = Schema extends z.ZodType ? z.infer<Schema> : undefined

/** Makes a route whose handler gets what its schemas say. */
export function route<Body extends z.ZodType | undefined = undefined, Query extends z.ZodObject | undefined = undefined>(given: {
  readonly method: Route['method']
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly body?: Body
  readonly query?: Query
  readonly answer?: z.ZodType
  /** Default: 200. */
  readonly status?: number
  readonly handle: (call: AdminCall<Read<Body>, Read<Query>>) => Promise<Answer>
}): Route {
  return { status: 200, ...given, handle: given.handle as Route['handle'] }
}
