/** A WebSocket feed whose upgrade request is signed, as `wss://…` or as `https://…`. */
import { createServer } from 'node:http'
import { createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { requireSignature } from 'countersign/websocket'
import { WebSocketServer } from 'ws'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: [`http://127.0.0.1:${PORT}`, `ws://127.0.0.1:${PORT}`],
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['feed'] }]),
})

const sockets = new WebSocketServer({ noServer: true })
const server = createServer((_request, response) => response.writeHead(404).end())
server.on(
  'upgrade',
  requireSignature(
    verifier,
    (request, socket, head, { key }) => sockets.handleUpgrade(request, socket, head, connection => connection.send(`hello ${key.id}`)),
    { permission: 'feed' },
  ),
)
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}`))
