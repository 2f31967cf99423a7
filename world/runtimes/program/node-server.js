import { once } from 'node:events'
import { createServer } from 'node:http'

/** Node has no server for `fetch` handlers: its request is made a `Request`, and the answer written. */
export async function serve(handlerOf) {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const { method, headers, url } = request
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }
    const answer = await handler(new Request(origin + url, { method, headers, ...body }))
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${server.address().port}`
  const handler = handlerOf(origin)
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { origin, stop }
}
