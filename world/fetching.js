/** Frameworks that speak the web's `Request` and `Response`, and those that take middleware of Node. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { node } from '@elysiajs/node'
import { initTRPC } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import * as forNode from 'countersign/node'
import * as forWeb from 'countersign/web'
import { Elysia } from 'elysia'
import { fromNodeHandler, fromWebHandler, H3 } from 'h3'
import { toNodeHandler } from 'h3/node'
import * as h3v1 from 'h3-1'
import { overHttp1, streamOf } from '../packages/countersign/test/body-senders.ts'
import { echo, freePort, listening, textOf } from './servers.js'

/** What a user would write: the check, and behind it a handler that reads the body from the request. */
export function fetchHandler(options) {
  const { verifier, onError } = options
  return forWeb.requireSignature(
    verifier,
    async (request, verified) => {
      options.handled()
      return Response.json(echo(verified, new Uint8Array(await request.arrayBuffer())))
    },
    { onError },
  )
}

/** Without a socket: nobody can leave. */
function fetched(handle) {
  return {
    port: 80,
    hasNoClients: true,
    close: () => undefined,
    async send({ method, target, headers, sending }) {
      const body = sending.framing === 'none' ? null : Readable.toWeb(Readable.from(streamOf(sending)))
      const answer = await handle(new Request(`http://127.0.0.1${target}`, { method, headers, body, duplex: 'half' }))
      return { status: answer.status, text: await answer.text() }
    },
  }
}

async function trpc(options) {
  const { verifier, onError } = options
  const { router, procedure } = initTRPC.context().create()
  const x = procedure
    .input(input => input)
    .mutation(({ ctx, input }) => {
      options.handled()
      return echo(forNode.verifiedCall(ctx.req), textOf(input))
    })
  const handler = createHTTPHandler({
    middleware: forNode.signed(verifier, { onError }),
    router: router({ x }),
    createContext: ({ req }) => ({ req }),
  })
  return { ...(await listening(createServer(handler))), result: ({ result }) => result.data }
}

function h3App(options) {
  const { verifier, onError } = options
  return new H3().use(fromNodeHandler(forNode.signed(verifier, { onError }))).post('/x', async event => {
    options.handled()
    const verified = forNode.verifiedCall(event.runtime.node.req)
    return echo(verified, new Uint8Array(await event.req.arrayBuffer()))
  })
}

function h3v1App(options) {
  const { verifier, onError } = options
  const app = h3v1.createApp()
  app.use(h3v1.fromNodeMiddleware(forNode.signed(verifier, { onError })))
  const read = async event => {
    options.handled()
    return echo(forNode.verifiedCall(event.node.req), await h3v1.readRawBody(event, false))
  }
  return app.use(h3v1.createRouter().post('/x', h3v1.eventHandler(read)))
}

async function elysiaOnNode(options) {
  const check = fetchHandler(options)
  const app = new Elysia({ adapter: node() }).post('/x', ({ request }) => check(request), { parse: 'none' })
  const port = await freePort()
  await new Promise(resolve => app.listen({ port, hostname: '127.0.0.1' }, resolve))
  return { send: overHttp1, port, close: () => app.server?.stop(true) }
}

export const FETCHING = {
  'tRPC standalone': trpc,
  'h3 2 on Node, `signed()`': options => listening(createServer(toNodeHandler(h3App(options)))),
  'h3 2 on Node, `countersign/web`': options =>
    listening(createServer(toNodeHandler(new H3().all('/**', fromWebHandler(fetchHandler(options)))))),
  'h3 2, `fetch`': async options => fetched(request => new H3().all('/**', fromWebHandler(fetchHandler(options))).fetch(request)),
  'h3 1 (Nitro), `signed()`': options => listening(createServer(h3v1.toNodeListener(h3v1App(options)))),
  'Elysia on Node': elysiaOnNode,
  'Elysia, `handle`': async options => {
    const check = fetchHandler(options)
    const app = new Elysia().post('/x', ({ request }) => check(request), { parse: 'none' })
    return fetched(request => app.handle(request))
  },
}
