import type { IncomingMessage } from 'node:http'
import { type KeyService, principalOf } from '@countersign/server'
import type { HttpBindings } from '@hono/node-server'
import { type Failure, toProblem, type Verifier } from 'countersign'
import { verifyNodeRequest } from 'countersign/node'
import { type Context, Hono } from 'hono'
import { stringify } from 'lossless-json'
import type { Endpoint } from './endpoints/endpoint.ts'
import { endpoints } from './endpoints/index.ts'
import { ApiError, type ErrorBody, refusalBody } from './errors.ts'
import { narrowedAway, requiredFor } from './permissions.ts'
import type { Store } from './store/database.ts'

export interface AppOptions {
  readonly verifier: Verifier
  readonly store: Store
  readonly service: KeyService
  readonly clock: () => number
  readonly stepMs: number
  /** Where keys are managed: the admin API, and the console. */
  readonly admin: KeyService['adminApp']
  /** Told of every refused call, with all there is to know. */
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
  /** Told of what should not have happened; the caller only sees a 500. */
  readonly onError?: ((error: unknown) => void) | undefined
}

type App = Hono<{ Bindings: HttpBindings }>

export const API_BASE = '/qapi/v1'

/** The API: every endpoint behind the verifier, which sees the raw request before anything else does. */
export function createApp(options: AppOptions): App {
  const { admin } = options
  const app: App = new Hono()
  for (const endpoint of endpoints) app.on(endpoint.method, API_BASE + endpoint.path, context => serve(context, endpoint, options))
  // Keys are managed where they are used.
  for (const path of ['/admin/*', '/api/v1/apikey', '/api/v1/apikey/*', '/console/*', '/console'])
    app.all(path, context => admin.fetch(context.req.raw, context.env))
  app.notFound(() =>
    errorAnswer(404, {
      code: 'not-found',
      msg: 'Not found',
      detail: { reason: `No such endpoint. There are ${endpoints.map(({ method, path }) => `${method} ${API_BASE}${path}`).join(', ')}.` },
    }),
  )
  app.onError(error => {
    if (error instanceof ApiError) return errorAnswer(error.status, error.body)
    options.onError?.(error)
    return errorAnswer(500, {
      code: 'internal',
      msg: 'Internal error',
      detail: { reason: 'Something went wrong on our side; the call was not carried out.' },
    })
  })
  return app
}

async function serve(
  context: Context<{ Bindings: HttpBindings }>,
  endpoint: Endpoint,
  { verifier, store, service, clock, stepMs, onRefused }: AppOptions,
): Promise<Response> {
  const { incoming } = context.env
  const path = context.req.path.slice(API_BASE.length)
  const result = await verifyNodeRequest(verifier, incoming, { permission: requiredFor(endpoint.method, path)?.permissions ?? [] })
  if (!result.ok) {
    onRefused?.(result.failure, incoming)
    const { status, body } = refusalBody(result.failure)
    return errorAnswer(
      status,
      body,
      toProblem(result.failure).status === 401 ? { 'www-authenticate': `Countersign scheme="${verifier.scheme.name}"` } : {},
    )
  }
  const principal = principalOf(result.key)
  service.used(result.key)
  const reason = narrowedAway(principal, endpoint.method, path)
  if (reason !== undefined) return errorAnswer(403, { code: 'permission-denied', msg: 'Permission denied', detail: { reason } })
  const answer = await endpoint.answer({
    principal,
    params: context.req.param(),
    query: new URL(context.req.url).searchParams,
    body: result.body,
    store,
    keys: service.keys,
    now: clock(),
    stepMs,
  })
  return jsonAnswer(200, answer)
}

function errorAnswer(status: number, body: ErrorBody, headers: Record<string, string> = {}): Response {
  return jsonAnswer(status, body, headers)
}

/** Integers of any size stay integers, digit for digit. */
function jsonAnswer(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}
