import { createServer, type Server } from 'node:http'
import { listen, urlHostOf } from './listen.ts'

/** What a process, or several together, tell of themselves. */
export interface Watched {
  readonly isDraining: boolean
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** Says how ready it is. @throws what keeps it from serving calls */
  ready(): Promise<string>
}

export interface HealthServer {
  readonly port: number
  readonly origin: string
  close(): void
}

/** For the machine that watches, not for clients: metrics, whether it lives, and whether it can do its work. */
export async function startHealthServer(watched: Watched, port: number, host = '127.0.0.1'): Promise<HealthServer> {
  const server = createHealthServer(watched)
  const listening = await listen(server, port, host)
  return {
    port: listening,
    origin: `http://${urlHostOf(host)}:${listening}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function createHealthServer(watched: Watched): Server {
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
    }
    switch (pathOf(request.url)) {
      case '/metrics':
        watched.metrics().then(
          ({ text, contentType }) => answer(200, text, contentType),
          () => answer(500, 'metrics failed\n'),
        )
        return
      case '/health':
        answer(200, 'ok\n')
        return
      case '/ready':
        if (watched.isDraining) answer(503, 'draining\n')
        else
          watched.ready().then(
            text => answer(200, `${text}\n`),
            (error: unknown) => answer(503, `not ready: ${error instanceof Error ? error.message : String(error)}\n`),
          )
        return
      default:
        answer(404, 'There are /metrics, /health and /ready.\n')
    }
  })
}

/** Some that watch add a query, or the whole URL. */
function pathOf(target = '/'): string {
  return URL.canParse(target, 'http://localhost') ? new URL(target, 'http://localhost').pathname : target
}
