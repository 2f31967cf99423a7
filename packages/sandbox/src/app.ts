import { type AdminApp, docsPage, type KeyService, ServerError } from '@countersign/server'
import { tell } from 'countersign'
import { Hono } from 'hono'
import { errorAnswer, jsonAnswer } from './api/answers.ts'
import type { Api } from './api/api.ts'
import { describeApis } from './api/describe.ts'
import { type App, serve, type World } from './api/serve.ts'
import { addDecisions } from './endpoints/decisions.ts'
import { ApiError } from './errors.ts'
import type { Tokens } from './tokens/tokens.ts'

export interface AppOptions {
  readonly apis: readonly Api[]
  readonly world: World
  readonly service: KeyService
  readonly tokens: Tokens
  /** Where keys are managed: the admin API, and the console. */
  readonly admin: AdminApp
  /** Told of what should not have happened; the caller only sees a 500. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Everything over HTTP: the APIs, each behind its own door, their description, and what manages the keys. */
export function createApp({ apis, world, service, tokens, admin, onError }: AppOptions): App {
  const app: App = new Hono()
  const document = describeApis(apis)
  for (const api of apis)
    for (const endpoint of api.endpoints)
      app.on(endpoint.method, api.base + endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'), context => serve(context, api, endpoint, world))
  app.get('/.well-known/jwks.json', async () => jsonAnswer(200, await tokens.jwks(), { 'cache-control': 'public, max-age=300' }))
  app.get('/openapi.json', () => jsonAnswer(200, document))
  app.get('/docs', context => context.html(docsPage(document)))
  addDecisions(app, world, service)
  // Keys are managed where they are used.
  for (const path of ['/admin/*', '/api/v1/apikey', '/api/v1/apikey/*', '/console/*', '/console'])
    app.all(path, context => admin.fetch(context.req.raw, context.env))
  app.notFound(() => errorAnswer(new ApiError(404, 'not-found', 'Not found', 'There is no such endpoint: /docs lists them.')))
  app.onError(error => {
    if (error instanceof ApiError) return errorAnswer(error)
    if (error instanceof ServerError && error.status < 500)
      return errorAnswer(new ApiError(error.status, error.code, 'Refused', error.message))
    tell(onError, error)
    const reason = 'Something went wrong on our side; the call was not carried out.'
    return errorAnswer(new ApiError(500, 'internal', 'Internal error', reason))
  })
  return app
}
