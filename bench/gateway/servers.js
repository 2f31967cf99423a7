/** One of the servers that `run.js` compares, by name; sends its port to its parent. Config comes in BENCH as JSON. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { createGateway, openKeyService, redisReplayGuard } from '@countersign/server'
import { createVerifier } from 'countersign'
import { requireSignature } from 'countersign/node'
import { qredoV1 } from 'countersign/schemes'
import { Pool } from 'undici'

const { name, upstream, store, secret, redis } = JSON.parse(process.env.BENCH)
const ORIGIN = 'http://bench.example'

const hello = (_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end('{"hello":"world"}')
}

const servers = {
  upstream: () => createServer(hello),
  'bare node:http': () => createServer(hello),
  async 'with our middleware'() {
    const service = await openKeyService({ store })
    return createServer(requireSignature(createVerifier(qredoV1, { origin: ORIGIN, keys: service.source }), hello))
  },
  'with a naive inline createHmac'() {
    const key = Buffer.from(secret, 'base64')
    return createServer((request, response) => {
      const { 'qredo-api-ts': ts, 'qredo-api-sig': sig } = request.headers
      const made = createHmac('sha256', key).update(`${ts}${request.method}${ORIGIN}${request.url}`).digest('base64url')
      if (made.length !== sig?.length || !timingSafeEqual(Buffer.from(made), Buffer.from(sig))) return response.writeHead(401).end()
      hello(request, response)
    })
  },
  'bare undici proxy'() {
    const pool = new Pool(upstream, { connections: 256 })
    return createServer((request, response) => {
      const { host: _, connection: __, ...headers } = request.headers
      pool
        .stream({ path: request.url, method: request.method, headers }, ({ statusCode, headers: answered }) => {
          const { connection: ___, 'keep-alive': ____, ...rest } = answered
          return response.writeHead(statusCode, rest)
        })
        .catch(() => response.destroy())
    })
  },
  async 'our gateway, guard in memory'() {
    return createGateway({ upstream, origin: ORIGIN, service: await openKeyService({ store }) }).server
  },
  async 'our gateway, guard in Redis'() {
    return createGateway({ upstream, origin: ORIGIN, service: await openKeyService({ store }), replay: redisReplayGuard({ redis }) }).server
  },
}

const server = await servers[name]()
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
