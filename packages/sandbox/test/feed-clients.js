/**
 * Opens many feeds, in a process of its own, and checks that each gets every change once and in order: the sequence
 * grows by one from message to message.
 *
 * Reads a line of JSON from standard input: { url, keyId, secret, clients, expected, now }. Prints `open`, and then
 * what it saw.
 */
import { once } from 'node:events'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { signUpgrade } from 'countersign/websocket'
import { WebSocket } from 'ws'

const AT_ONCE = 50

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const { url, keyId, secret, clients, expected, now } = JSON.parse(line)
const signer = createSigner(qredoV1, { keyId, secret }, { clock: () => now })

let complete = 0
let wrong = 0
let closed = 0
/** @type {(value?: unknown) => void} */
let finish = () => undefined
const finished = new Promise(resolve => {
  finish = resolve
})

/** `{"sequence":123,…`: read without parsing the rest of ten million messages. */
function sequenceOf(message) {
  let sequence = 0
  for (let at = 12; message[at] >= 48 && message[at] <= 57; at++) sequence = sequence * 10 + message[at] - 48
  return sequence
}

async function openOne() {
  const { headers } = await signUpgrade(signer, url)
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  let count = 0
  let last = 0
  socket.on('message', message => {
    const sequence = sequenceOf(message)
    if (count > 0 && sequence !== last + 1) wrong++
    last = sequence
    count++
    if (count === expected && ++complete === clients) finish()
    if (count > expected) wrong++
  })
  socket.on('close', () => {
    if (++closed > 0) finish()
  })
  await once(socket, 'open')
  return socket
}

const sockets = []
for (let opened = 0; opened < clients; opened += AT_ONCE)
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, clients - opened) }, openOne))))
process.stdout.write('open\n')
await finished
process.stdout.write(`${JSON.stringify({ complete, wrong, closed })}\n`)
process.exit(0)
