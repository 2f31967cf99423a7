import { createServer, type Server } from 'node:http'
import type { Gateway } from './gateway.ts'

/** For the machine that watches, not for clients: metrics, whether it lives, and whether it can do its work. */
export function createHealthServer(gateway: Gateway, check: () => Promise<void>): Server {
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
    }
    const { registry } = gateway.metrics
    switch (request.url) {
      case '/metrics':
        registry.metrics().then(
          text => answer(200, text, registry.contentType),
          () => answer(500, 'metrics failed\n'),
        )
        return
      case '/health':
        answer(200, 'ok\n')
        return
      case '/ready':
        if (gateway.isDraining) answer(503, 'draining\n')
        else
          check().then(
            () => answer(200, 'ready\n'),
            (error: unknown) => answer(503, `not ready: ${error instanceof Error ? error.message : String(error)}\n`),
          )
        return
      default:
        answer(404, 'There are /metrics, /health and /ready.\n')
    }
  })
}
