import type { HttpBindings } from '@hono/node-server'
import { headersOfProblem, problemOf, tell } from 'countersign'
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { isStoreAway } from '../database/store-problem.ts'
import { ServerError } from '../errors.ts'
import { checkValue, JsonError, parseJson } from '../http/json.ts'
import { qredoError } from '../http/qredo-error.ts'
import { isMasterKeyProblem } from '../seal/sealer.ts'
import { type AuthenticateOptions, authenticate, checkAccess } from './authenticate.ts'
import { describeAdminApi } from './description.ts'
import { docsPage } from './docs-page.ts'
import type { OidcSettings } from './oidc/oidc-settings.ts'
import { readText } from './read-text.ts'
import type { AdminContext, Route } from './route.ts'
import { routes } from './routes/index.ts'

const MAX_BODY_BYTES = 65_536

/** Not authenticated, not allowed, slowed down: what the audit log counts. */
const TOLD = new Set([401, 403, 429])

export interface AdminAppOptions extends AdminContext, AuthenticateOptions {
  /** Told of wrong tokens and of roles that may not. */
  readonly onRefused?: ((code: string, request: { method: string; target: string; address: string }) => void) | undefined
  /** Signs administrators in by OpenID Connect as well. */
  readonly oidc?: { readonly settings: OidcSettings; readonly clientSecret: string | undefined } | undefined
  /** Told of every answer. */
  readonly onAnswered?: ((answer: AdminAnswer) => void) | undefined
}

/** An answer of the admin API. */
interface AdminAnswer {
  readonly method: string
  /** The route as it is described, with names for its parameters; empty for any other path. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface AdminCounts {
  answered(answer: AdminAnswer): void
  /** Not authenticated, not allowed, slowed down. */
  refused(code: string): void
}

type Bindings = { Bindings: Partial<HttpBindings> }

/** The admin API, its description at `/openapi.json`, and that for people at `/docs`. */
export async function createAdminApp(options: AdminAppOptions): Promise<Hono<Bindings>> {
  const app = new Hono<Bindings>()
  const document = describeAdminApi(routes, options)
  const described = new Map(routes.map(({ path }) => [patternOf(path), path]))
  app.use(async (context, next) => {
    const begun = performance.now()
    await next()
    tell(options.onAnswered, {
      method: context.req.method,
      route: described.get(context.req.routePath) ?? '',
      status: context.res.status,
      seconds: (performance.now() - begun) / 1000,
    })
    context.res.headers.set('x-content-type-options', 'nosniff')
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
  })
  app.get('/openapi.json', context => context.json(document))
  app.get('/docs', context => context.html(docsPage(document)))
  app.get('/health', context => context.json({ status: 'ok' }))
  const { oidc } = options
  app.get('/admin/v1/sign-in', context => context.json({ oidc: oidc !== undefined }))
  if (oidc !== undefined) {
    // Loaded here, since most sign in by tokens alone.
    const [{ createProvider }, { addOidcSignIn }] = await Promise.all([import('./oidc/provider.ts'), import('./oidc/sign-in.ts')])
    addOidcSignIn(app, { ...options, settings: oidc.settings, provider: createProvider(oidc.settings, oidc.clientSecret) })
  }
  for (const route of routes) {
    app.on(route.method, patternOf(route.path), context => serve(context, route, options))
  }
  app.notFound(context =>
    problem(new ServerError('not-found', 404, 'There is no such call: /docs lists them.'), new URL(context.req.url).pathname),
  )
  app.onError((error, context) => {
    if (error instanceof ServerError && error.status < 500) {
      // Who is not signed in has just opened the console.
      if (TOLD.has(error.status) && error.code !== 'not-signed-in')
        tell(options.onRefused, error.code, { method: context.req.method, target: context.req.path, address: addressOf(context) })
      return problem(error, context.req.path)
    }
    if (error instanceof ServerError && error.code === 'master-key-changed') return problem(error, context.req.path)
    tell(options.onError, error)
    // What such an error says names the store, which is for the log.
    if (isStoreAway(error))
      return problem(
        new ServerError('store-unavailable', 503, "The store can't be reached; nothing was changed. Try again."),
        context.req.path,
      )
    // What opens the secrets is on the server, and what is wrong with it is for the log.
    if (isMasterKeyProblem(error))
      return problem(
        new ServerError(
          'master-key-unusable',
          503,
          'The server can’t seal or open secrets now; nothing was changed. Its log says why: put that right, and try again.',
        ),
        context.req.path,
      )
    if (error instanceof ServerError && error.code === 'store-full')
      return problem(new ServerError('store-full', 507, 'The store has no room left; nothing was changed.'), context.req.path)
    return problem(new ServerError('internal', 500, 'Something went wrong on our side; nothing was changed.'), context.req.path)
  })
  return app
}

/** `/keys/{id}`, as Hono has it. */
function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

function addressOf(context: Context<Bindings>): string {
  return context.env?.incoming?.socket.remoteAddress ?? ''
}

async function serve(context: Context<Bindings>, route: Route, options: AdminAppOptions): Promise<Response> {
  const address = addressOf(context)
  const { administrator, sessionId, token, check } = await authenticate(context.req.raw, address, options)
  checkAccess(administrator, route.access)
  reading(() => checkValue(context.req.param()))
  const call = {
    ...options,
    administrator,
    sessionId,
    token,
    actor: { name: `admin:${administrator.id}`, address, check },
    within: administrator.organisationId,
    params: context.req.param(),
    query: readQuery(route, context.req.query()) as never,
    body: (await readBody(route, context.req.raw)) as never,
  }
  const answer = await route.handle(call)
  if (answer instanceof Response) return answer
  const { value, status = route.status, headers = {} } = answer
  return value === undefined ? new Response(null, { status, headers }) : Response.json(value, { status, headers })
}

const JSON_CODES = { malformed: 'body-malformed', 'too-deep': 'body-malformed', nul: 'text-invalid' } as const

/** Does what reads or checks a value of the caller's. @throws ServerError 400 */
function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ServerError(JSON_CODES[error.reason], 400, error.reason === 'malformed' ? 'The body is not JSON.' : error.message)
  }
}

function readQuery({ query }: Route, given: Record<string, string>): unknown {
  if (query === undefined) return undefined
  reading(() => checkValue(given))
  return parsed(query, given, 'query-invalid', 'query')
}

async function readBody({ body }: Route, request: Request): Promise<unknown> {
  if (body === undefined) return undefined
  const text = await readText(request, MAX_BODY_BYTES)
  if (text === undefined) throw new ServerError('body-too-large', 413, `The body has more than ${MAX_BODY_BYTES} bytes.`)
  const value = reading(() => parseJson(text === '' ? '{}' : text))
  return parsed(body, value, 'body-invalid', 'body')
}

function parsed(schema: z.ZodType, value: unknown, code: string, what: string): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const said = result.error.issues.slice(0, 5).map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  throw new ServerError(code, 400, `The ${what} can't be used. ${said.join('; ')}`)
}

/** RFC 9457; for the calls of the Qredo API v1, in its own shape. */
function problem({ code, status, message }: ServerError, path: string): Response {
  const isQredo = path.startsWith('/api/v1/')
  const headers = {
    ...headersOfProblem(status),
    ...(isQredo ? { 'content-type': 'application/json' } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="countersign admin"' } : {}),
    ...(code === 'login-throttled' ? { 'retry-after': /(\d+) s/.exec(message)?.[1] ?? '1' } : {}),
  }
  const body = isQredo ? qredoError(code, message, message) : problemOf(code, { status, title: code.replaceAll('-', ' '), detail: message })
  return new Response(JSON.stringify(body), { status, headers })
}
