import { createServer, type Server } from 'node:http'

/** What is told of a gateway, be it one process or several. */
export interface Watched {
  readonly isDraining: boolean
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** Says how ready it is. @throws what keeps it from serving calls */
  ready(): Promise<string>
}

/** For the machine that watches, not for clients: metrics, whether it lives, and whether it can do its work. */
export function createHealthServer(watched: Watched): Server {
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
    }
    switch (request.url) {
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
