/** The API behind the gateway of the soak: says what reached it. Prints its port to its parent. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

let calls = 0
const server = createServer((request, response) => {
  calls++
  const hash = createHash('sha256')
  request.on('data', piece => hash.update(piece))
  request.on('error', () => undefined)
  request.on('end', () => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, digest: hash.digest('hex'), key: headers['x-countersign-key-id'] ?? '' }))
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ calls }))
process.on('disconnect', () => process.exit())
