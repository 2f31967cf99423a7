/**
 * What strangers do to the gateway during the soak, each over and over, in a process of their own. None of it may get
 * an answer that it should not get; what it gets is told to the parent at the end.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { INPUTS } from '../worst/inputs.js'

const { port, origin, key } = JSON.parse(process.env.SOAK)
const SCHEMES = [qredoV1, rfc9421]
const nobody = { keyId: 'nobody', secret: Buffer.alloc(60, 3).toString('base64') }
const forger = { keyId: key.keyId, secret: nobody.secret }
const LARGE = 'x'.repeat(1_000_000)
/** Long enough for the gateway's own limits to end a connection first. */
const PATIENCE_MS = 90_000

const told = new Map()
const wrong = []
/** The calls that are let through once, and whether each was answered. */
const passing = new Map()
let isOver = false
let count = 0

/** @param allowed the statuses it may be answered with; 0: closed without an answer */
async function attack(name, allowed, act) {
  const seen = told.get(name) ?? {}
  told.set(name, seen)
  const status = await act()
  seen[status] = (seen[status] ?? 0) + 1
  // What the end of the soak cut off says nothing.
  if (!allowed.includes(status) && !(isOver && status === 0) && wrong.length < 20) wrong.push(`${name}: answered with ${status}`)
}

/** Repeats an attack with so much rest between, several at once. */
function repeat(name, { allowed, atOnce = 1, restMs }, act) {
  return Promise.all(
    Array.from({ length: atOnce }, async (_, index) => {
      await sleep((restMs * index) / atOnce)
      while (!isOver) {
        await attack(name, allowed, () => act(count++))
        await sleep(restMs)
      }
    }),
  )
}

const open = new Set()

/** Sends bytes, with whatever `then` does, and gives the status of the first answer that is not 1xx; 0 without one. */
function send(bytes, then = () => undefined) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    open.add(socket)
    let text = ''
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS)
    socket.setEncoding('latin1')
    socket.on('error', () => undefined)
    socket.on('data', piece => {
      if (text.length < 4096) text += piece
      if (statusIn(text) > 0) socket.destroy()
    })
    socket.on('close', () => {
      clearTimeout(timer)
      open.delete(socket)
      resolve(statusIn(text))
    })
    socket.write(bytes)
    then(socket)
  })
}

function statusIn(text) {
  for (const [, status] of text.matchAll(/(?:^|\r\n)HTTP\/1\.1 (\d{3}) /g)) if (Number(status) >= 200) return Number(status)
  return 0
}

function headOf({ method = 'POST', target, body = '', scheme = qredoV1, by = key, lines = [`content-length: ${body.length}`] }) {
  const { headers } = createSigner(scheme, by, { allow: ['ambiguous-request'] }).sign({
    method,
    url: origin + target,
    ...(body === '' ? {} : { body }),
  })
  const own = Object.entries(headers).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()))
  const all = [`host: ${new URL(origin).host}`, ...lines, ...own.map(([name, value]) => `${name}: ${value}`)]
  return `${method} ${target} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`
}

/** @param sent the body, or a part of it, or another one */
function callOf(call, sent) {
  return `${headOf(call)}${sent}`
}

const path = turn => `/attacks/${turn}`
const CHUNKED = ['transfer-encoding: chunked']
const schemeOf = turn => SCHEMES[turn % SCHEMES.length] ?? qredoV1
const trickle = (text, everyMs) => socket => {
  let at = 0
  const timer = setInterval(() => {
    if (at < text.length) socket.write(text[at++])
  }, everyMs)
  socket.on('close', () => clearInterval(timer))
}
const leaveAfter = ms => socket => void setTimeout(() => socket.destroy(), ms)

const MALFORMED = [
  'GET\r\n\r\n',
  'GET /a b HTTP/1.1\r\nhost: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
  'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  'POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'GET /a HTTP/1.1\nhost: a\n\n',
  'GET /a HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n',
  'GET /a HTTP/1.1\r\nhost: a\r\nx : b\r\n\r\n',
  'GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  `GET /a HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
]

const REFUSED = [400, 401, 403, 404, 405, 408, 413, 421, 431, 501, 503, 507, 0]

const attacks = [
  repeat('idle', { allowed: [408, 0], atOnce: 200, restMs: 1000 }, () => send('')),
  repeat('idle, a body announced', { allowed: [400, 408, 0, 503], atOnce: 50, restMs: 1000 }, turn =>
    send(headOf({ target: path(turn), by: turn % 2 === 0 ? nobody : key, body: 'a'.repeat(20_000) })),
  ),
  repeat('slow headers', { allowed: [408, 0], atOnce: 50, restMs: 1000 }, () =>
    send('GET / HTTP/1.1\r\nhost: a\r\n', trickle('x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 500)),
  ),
  repeat('slow bodies', { allowed: [400, 401, 408, 0, 503], atOnce: 50, restMs: 1000 }, turn =>
    send(headOf({ target: path(turn), by: turn % 2 === 0 ? nobody : forger, body: 'a'.repeat(100) }), trickle('a'.repeat(100), 700)),
  ),
  repeat('huge, announced', { allowed: [413], atOnce: 2, restMs: 100 }, turn =>
    send(headOf({ target: path(turn), body: 'a', by: key, lines: ['content-length: 99999999999'] })),
  ),
  repeat('huge, in chunks', { allowed: [413, 401, 0], atOnce: 1, restMs: 500 }, turn =>
    send(headOf({ target: path(turn), body: 'a', by: turn % 2 === 0 ? nobody : forger, lines: CHUNKED }), socket => {
      const more = () => {
        while (!socket.destroyed && socket.write(`${LARGE.length.toString(16)}\r\n${LARGE}\r\n`));
      }
      socket.on('drain', more)
      more()
    }),
  ),
  repeat('malformed', { allowed: [400, 404, 408, 421, 401, 431, 501, 0], atOnce: 4, restMs: 20 }, turn =>
    send(Buffer.from(MALFORMED[turn % MALFORMED.length] ?? '', 'latin1'), leaveAfter(500)),
  ),
  repeat('unknown keys', { allowed: [401], atOnce: 4, restMs: 20 }, turn =>
    send(callOf({ target: path(turn), by: nobody, body: `{"a":${turn}}`, scheme: schemeOf(turn) }, `{"a":${turn}}`)),
  ),
  repeat('unknown keys, large bodies', { allowed: [401], atOnce: 2, restMs: 100 }, turn =>
    send(callOf({ target: path(turn), by: nobody, body: LARGE, scheme: schemeOf(turn) }, LARGE)),
  ),
  repeat('wrong signatures', { allowed: [401], atOnce: 2, restMs: 20 }, turn =>
    send(callOf({ target: path(turn), by: forger, body: `{"a":${turn}}` }, `{"a":${turn}}`)),
  ),
  repeat('wrong signatures, large bodies', { allowed: [401, 507], atOnce: 1, restMs: 100 }, turn =>
    send(callOf({ target: path(turn), by: forger, body: LARGE }, LARGE)),
  ),
  repeat('another body than was signed', { allowed: [400, 401], atOnce: 2, restMs: 50 }, turn =>
    send(callOf({ target: path(turn), body: '{"a":1}', scheme: schemeOf(turn) }, '{"a":2}')),
  ),
  repeat('sent a second time', { allowed: [401], atOnce: 2, restMs: 50 }, async turn => {
    const bytes = headOf({ method: 'GET', target: path(turn), lines: [] })
    const call = `${key.keyId} GET ${path(turn)}`
    passing.set(call, false)
    const first = await send(bytes)
    if (first === 200) passing.set(call, true)
    return first === 200 ? await send(bytes) : first === 0 && isOver ? 0 : first
  }),
  repeat('aborted uploads', { allowed: [0, 401], atOnce: 4, restMs: 50 }, turn =>
    send(
      callOf({ target: path(turn), body: LARGE, by: turn % 2 === 0 ? key : nobody, scheme: schemeOf(turn) }, LARGE.slice(0, 500_000)),
      leaveAfter(200),
    ),
  ),
  repeat('upgrades', { allowed: [400, 401], atOnce: 2, restMs: 50 }, turn =>
    send(callOf({ target: path(turn), body: 'a', by: forger, lines: ['content-length: 1', 'connection: upgrade', 'upgrade: h2c'] }, 'a')),
  ),
  repeat('worst inputs', { allowed: REFUSED, atOnce: 2, restMs: 20 }, turn => {
    const inputs = INPUTS.filter(({ of, make }) => of === undefined && typeof make === 'function')
    const { headers } = createSigner(qredoV1, nobody).sign({ method: 'POST', url: `${origin}/worst`, body: '{"a":1}' })
    const signed = {
      method: 'POST',
      target: '/worst',
      headers: [['host', new URL(origin).host], ...Object.entries(headers)],
      body: '{"a":1}',
    }
    const { method, target, headers: lines, body } = inputs[turn % inputs.length]?.make(signed, 12_000, turn) ?? signed
    const bytes = Buffer.from(body ?? '')
    const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-length: ${bytes.length}\r\n\r\n`
    return send(Buffer.concat([Buffer.from(head, 'latin1'), bytes]), leaveAfter(2000))
  }),
]

process.on('message', async () => {
  isOver = true
  for (const socket of open) socket.destroy()
  await Promise.all(attacks)
  process.send({ told: Object.fromEntries(told), wrong, passing: [...passing] }, () => process.exit())
})
process.on('disconnect', () => process.exit())
