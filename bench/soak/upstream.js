/**
 * The API behind the gateway of the soak: answers with what reached it, and tells its parent of all of it when asked.
 * Sends its port to its parent.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

/** How often each call came whole, by its key, method and target. */
const calls = new Map()
const server = createServer((request, response) => {
  const hash = createHash('sha256')
  request.on('data', piece => hash.update(piece))
  request.on('error', () => undefined)
  request.on('end', () => {
    const { method, url, headers } = request
    const key = headers['x-countersign-key'] ?? ''
    const call = `${key} ${method} ${url}`
    calls.set(call, (calls.get(call) ?? 0) + 1)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, digest: hash.digest('hex'), key }))
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ calls: [...calls] }))
process.on('disconnect', () => process.exit())
