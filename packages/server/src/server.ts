import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { type Waiting, whenThere } from './database/when-there.ts'
import { startHealthServer } from './http/health-server.ts'
import { CHECK_CONNECTIONS_MS, closeServer, HEADERS_TIMEOUT_MS, listen, urlHostOf } from './http/listen.ts'
import { boundPipelining } from './http/pipelining.ts'
import { type AdminMetrics, createAdminMetrics } from './metrics/admin-metrics.ts'
import { addStoreMetrics } from './metrics/store-metrics.ts'
import { createWatch, type Watch } from './process/watch.ts'
import { type AdminApp, bootstrap, ensureOrganisation, type KeyService, openKeyService, type ServiceOptions } from './service.ts'

export interface ServerOptions extends ServiceOptions {
  /** Default: 127.0.0.1, this machine only. */
  readonly host?: string | undefined
  /** Default: any free one. */
  readonly port?: number | undefined
  /** Where /metrics, /health and /ready are. Default: nowhere. */
  readonly adminPort?: number | undefined
  /** The address of that port. Default: 127.0.0.1. */
  readonly adminHost?: string | undefined
  /** The files of the console; left out, there is none. */
  readonly consoleDirectory?: string | undefined
  /**
   * Shows the first start's operator its token. It is listening by then. Where this fails, so does the start, and the
   * next one makes another token. Left out: no operator is made here.
   */
  readonly showFirstToken?: ((token: string, origin: string, adminOrigin: string | undefined) => void | Promise<void>) | undefined
  /** Waits for a store that is away. Default: the start fails at once. */
  readonly waiting?: Waiting | undefined
}

export interface RunningServer {
  readonly origin: string
  readonly adminOrigin: string | undefined
  readonly service: KeyService
  close(): Promise<void>
}

/** A request's headers and body have to arrive within this. */
const REQUEST_TIMEOUT_MS = 30_000

const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Starts the admin API, with the console where its files are given. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const metrics = createAdminMetrics()
  const watch = createWatch(metrics.registry)
  const admin = options.adminPort === undefined ? undefined : await startHealthServer(watch, options.adminPort, options.adminHost)
  try {
    const running = await start(options, metrics, watch, admin?.origin)
    return {
      ...running,
      async close() {
        await running.close()
        admin?.close()
      },
    }
  } catch (error) {
    admin?.close()
    throw error
  }
}

async function start(options: ServerOptions, metrics: AdminMetrics, watch: Watch, adminOrigin: string | undefined): Promise<RunningServer> {
  const { host = '127.0.0.1', consoleDirectory, showFirstToken, waiting } = options
  const service = await whenThere(
    () => openKeyService({ ...options, adminCounts: metrics }),
    waiting === undefined
      ? undefined
      : {
          signal: waiting.signal,
          onAway(error) {
            watch.waitsFor(error.message)
            waiting.onAway(error)
          },
        },
  )
  try {
    const api = await service.loadAdminApp()
    const app = consoleDirectory === undefined ? api : withConsole(api, consoleDirectory)
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    })
    server.on('request', boundPipelining(getRequestListener(app.fetch, { overrideGlobalObjects: false })))
    const port = await listen(server, options.port ?? 0, host)
    const origin = `http://${urlHostOf(host)}:${port}`
    try {
      if (showFirstToken === undefined) await ensureOrganisation(service)
      else await bootstrap(service, token => showFirstToken(token, origin, adminOrigin))
    } catch (error) {
      await closeServer(server)
      throw error
    }
    addStoreMetrics(metrics.registry, service)
    let isDraining = false
    watch.runs({
      registry: metrics.registry,
      get isDraining() {
        return isDraining
      },
      check: service.checkSeal,
    })
    return {
      origin,
      adminOrigin,
      service,
      async close() {
        isDraining = true
        await closeServer(server)
        await service.close()
      },
    }
  } catch (error) {
    await service.close()
    throw error
  }
}

/** The console at `/console/`, and the API beside it. */
export function withConsole(api: AdminApp, directory: string): AdminApp {
  const app: AdminApp = new Hono()
  app.get('/', context => context.redirect('/console/'))
  app.get('/console', context => context.redirect('/console/'))
  app.use('/console/*', async (context, next) => {
    await next()
    context.res.headers.set('content-security-policy', CONSOLE_POLICY)
    context.res.headers.set('x-content-type-options', 'nosniff')
    context.res.headers.set('referrer-policy', 'no-referrer')
    context.res.headers.set('cache-control', 'no-store')
  })
  app.get('/console/*', serveStatic({ root: directory, rewriteRequestPath: path => path.slice('/console'.length) }))
  app.route('/', api)
  return app
}
