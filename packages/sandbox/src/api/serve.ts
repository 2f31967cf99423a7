import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { ApiError } from '../errors.ts'
import { narrowedAway } from '../permissions.ts'
import { errorAnswer, jsonAnswer } from './answers.ts'
import type { Api } from './api.ts'
import { checked } from './checked.ts'
import type { Call, Endpoint } from './endpoint.ts'
import { readJsonBody } from './json-body.ts'

/** The server, whose handlers see Node's request: its raw headers and its body are what was signed. */
export type App = Hono<Env>
interface Env {
  Bindings: HttpBindings
}

/** What every call works with. */
export type World = Pick<Call<never, never, never>, 'store' | 'keys' | 'stepMs' | 'changed'> & { readonly clock: () => number }

/** Answers a call: who makes it, whether that may, what it says, and then what the endpoint says to it. */
export async function serve(context: Context<Env>, api: Api, endpoint: Endpoint, world: World): Promise<Response> {
  const required = api.requiredFor(endpoint.method, context.req.path.slice(api.base.length))
  const permissions = endpoint.isForEveryKey === true ? undefined : (required?.permissions ?? [])
  const caller = await api.authenticate(context.env.incoming, permissions)
  if (!caller.ok) return errorAnswer(caller.refusal)
  const { principal, bytes, headers } = caller
  try {
    const reason = narrowedAway(principal, required)
    if (reason !== undefined) throw new ApiError(403, 'permission-denied', 'Permission denied', reason)
    const { store, keys, stepMs, changed, clock } = world
    const call: Call<unknown, unknown, unknown> = {
      store,
      keys,
      stepMs,
      changed,
      principal,
      bytes,
      params: context.req.param(),
      query: endpoint.query === undefined ? undefined : checked(endpoint.query, context.req.query(), 'invalid-query', 'Invalid query'),
      headers:
        endpoint.headers === undefined ? undefined : checked(endpoint.headers, context.req.header(), 'invalid-header', 'Invalid header'),
      body: endpoint.body === undefined ? undefined : readJsonBody(bytes, endpoint.body),
      now: clock(),
    }
    return jsonAnswer(endpoint.status ?? 200, await endpoint.handle(call as Call<never, never, never>), headers)
  } catch (error) {
    // What is said of a deprecation goes with refusals, too.
    if (error instanceof ApiError) return errorAnswer({ status: error.status, body: error.body, headers })
    throw error
  }
}
