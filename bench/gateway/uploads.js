/**
 * Memory of the gateway while 100 uploads of 100 MB run at once. Run by `npm run bench:uploads`, after a build; needs
 * some 10 GB of disk for a moment.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { residentMiBOf } from '../process.js'
import { createStore } from '../store.js'

const UPLOADS = Number(process.env.UPLOADS ?? 100)
const BYTES = 100_000_000

const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
const store = join(folder, 'keys.db')
const [credentials] = await createStore(store, [qredoV1])

let received = 0
const upstream = createServer((request, response) => {
  request.on('data', piece => {
    received += piece.length
  })
  request.on('end', () => response.end('ok'))
})
await new Promise(resolve => upstream.listen(0, '127.0.0.1', resolve))
const gateway = fork(fileURLToPath(new URL('./servers.js', import.meta.url)), {
  env: {
    ...process.env,
    BENCH: JSON.stringify({ name: 'our gateway, guard in memory', upstream: `http://127.0.0.1:${upstream.address().port}`, store }),
  },
})
const port = await new Promise(resolve => gateway.once('message', message => resolve(message.port)))

const body = Buffer.alloc(BYTES, 0x20)
body[0] = 0x7b
body[BYTES - 1] = 0x7d
const before = residentMiBOf(gateway.pid)
let most = 0
const timer = setInterval(() => {
  most = Math.max(most, residentMiBOf(gateway.pid))
}, 50)
const started = performance.now()
const statuses = await Promise.all(
  Array.from({ length: UPLOADS }, (_, at) => {
    const { headers } = createSigner(qredoV1, credentials).sign({
      method: 'POST',
      url: `http://bench.example/upload/${at}`,
      body,
    })
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { port, host: '127.0.0.1', method: 'POST', path: `/upload/${at}`, headers: { ...headers, 'content-length': BYTES } },
        answer => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode))
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }),
)
clearInterval(timer)
const seconds = (performance.now() - started) / 1000
const passed = statuses.filter(status => status === 200).length
console.log(
  `${passed} of ${UPLOADS} uploads of ${BYTES / 1e6} MB passed in ${seconds.toFixed(0)} s, ${(received / 1e9).toFixed(1)} GB upstream; memory ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`,
)
gateway.disconnect()
upstream.close()
rmSync(folder, { recursive: true, force: true })
process.exit(passed === UPLOADS ? 0 : 1)
