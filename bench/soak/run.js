/**
 * Signed requests through a real gateway to a real upstream, while strangers do their worst to it: see `attacks.js`.
 * Prints latencies, and memory, disk and descriptors before and after. Ends with 1 where a signed request failed, a
 * stranger got an answer, or the upstream a call, that it should not get, or the gateway reported an error of its own.
 * Run by `npm run soak`, after a build.
 *
 *   --minutes N   or SECONDS in the environment; default: 30 seconds
 *   --rate N      signed requests a second; default: 200
 */
import { fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createSigner } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { cpuSecondsOf, residentMiBOf } from '../process.js'
import { createStore } from '../store.js'
import { judgeReached } from './judge.js'

const { values: given } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } })
const SECONDS = given.minutes === undefined ? Number(process.env.SECONDS ?? 30) : Number(given.minutes) * 60
const RATE = Number(given.rate ?? 200)
const GOAL_P99_MS = 50
const ORIGIN = 'http://soak.example'
/** Small, so that limits are reached. */
const LIMITS = { maxBodyBytes: 8_388_608, spoolBytes: 65_536, maxHeldBytes: 67_108_864, maxSpoolBytes: 268_435_456 }
/** What the upstream says takes memory until Node gives it back. */
const REST_MS = 5000

const folder = mkdtempSync(join(tmpdir(), 'countersign-soak-'))
const spoolFolder = join(folder, 'spool')
const running = []
const wrong = []
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

mkdirSync(spoolFolder)
const schemes = [qredoV1, rfc9421]
const keys = await createStore(join(folder, 'keys.db'), schemes)

const upstream = startChild(new URL('./upstream.js', import.meta.url), {})
const [{ port: upstreamPort }] = await once(upstream, 'message')
const gateway = await startGateway(upstreamPort)
const signers = schemes.map((scheme, at) => createSigner(scheme, keys[at]))
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const latencies = []
let sent = 0
const resent = new Set()

// Before anything is measured, what is compiled at first use is.
await sendSigned(2)
latencies.length = 0
await sleep(REST_MS)
const before = resourcesOf(gateway)
const cpuBefore = cpuSecondsOf(gateway.child.pid)
const attackers = startChild(new URL('./attacks.js', import.meta.url), {
  SOAK: JSON.stringify({ port: gateway.port, origin: ORIGIN, key: keys[schemes.indexOf(qredoV1)] }),
})
let most = before
const watching = setInterval(() => {
  const now = resourcesOf(gateway)
  most = Object.fromEntries(Object.entries(now).map(([name, value]) => [name, Math.max(value, most[name])]))
}, 250)
await sendSigned(SECONDS)
clearInterval(watching)
const ended = once(attackers, 'message')
attackers.send('stop')
const [{ told, wrong: wrongVerdicts, passing }] = await ended
wrong.push(...wrongVerdicts)
await sleep(REST_MS)
const after = resourcesOf(gateway)
const cpuSeconds = cpuSecondsOf(gateway.child.pid) - cpuBefore

const stopped = once(gateway.child, 'exit')
gateway.child.kill('SIGTERM')
const [code] = await stopped
if (code !== 0) wrong.push(`the gateway ended with ${code}`)
for (const line of gateway.errors()) wrong.push(`the gateway reported: ${line}`)
upstream.send('calls')
const [{ calls }] = await once(upstream, 'message')
wrong.push(...judgeReached(calls, expectedCalls(passing)))

latencies.sort((a, b) => a - b)
const quantile = part => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? Number.NaN
const p99 = quantile(0.99)
console.log(
  `${sent} signed requests in ${SECONDS} s, ${latencies.length} answered as they should be, ${resent.size} of them sent again since an idle connection had been closed`,
)
console.log(
  `p50 ${quantile(0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal: under ${GOAL_P99_MS}, ${p99 < GOAL_P99_MS ? 'met' : 'missed'}), slowest ${quantile(1).toFixed(0)} ms`,
)
console.log(`CPU of the gateway: ${cpuSeconds.toFixed(1)} s`)
for (const [name, unit] of Object.entries({ memory: 'MiB', disk: 'bytes', files: '', descriptors: '' }))
  console.log(`${name.padEnd(12)} before ${before[name]}, at most ${most[name]}, after ${after[name]} ${unit}`.trimEnd())
console.log(`left in the spool folder at the end: ${readdirSync(spoolFolder).length}`)
const reached = calls.reduce((sum, [, times]) => sum + times, 0)
console.log(
  `calls at the upstream: ${reached}, of them ${passing.filter(([, isAnswered]) => isAnswered).length} by strangers with a call that was signed`,
)
for (const [name, statuses] of Object.entries(told)) console.log(`${name.padEnd(34)} ${JSON.stringify(statuses)}`)
if (after.disk > 0 || readdirSync(spoolFolder).length > 0) wrong.push('bodies were left on disk')
for (const line of wrong.slice(0, 40)) console.error(`WRONG: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)

/** At their rate, however long the answers take: what waits for a slow one counts as slow. */
async function sendSigned(seconds) {
  const began = performance.now()
  const answers = []
  for (let at = 0; at < seconds * RATE; at++) {
    const due = began + (at * 1000) / RATE
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    answers.push(
      sendOne(due).catch(error => {
        wrong.push(`a signed request failed: ${error.message}`)
      }),
    )
  }
  await Promise.all(answers)
}

/** GETs, small bodies, now and then one that is written to disk, and one that is passed on while it comes in. */
async function sendOne(due) {
  const number = sent++
  try {
    await sendNumber(number, due)
  } catch (error) {
    // The gateway closed an idle connection just when it was used again: a client signs and sends once more.
    if (error.isReused !== true || (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')) throw error
    resent.add(number)
    await sendNumber(number, due)
  }
}

/** The call of a number, without its body. */
function callOf(number) {
  const kind = number % 50
  const at = number % signers.length
  return { kind, signer: signers[at], keyId: keys[at].keyId, method: kind < 20 ? 'GET' : 'POST', path: `/v1/orders/${number}?limit=10` }
}

/** How often the upstream may get each call; of one that was sent again, the first may have got there. */
function expectedCalls(passing) {
  const once = passing.map(([call, isAnswered]) => [call, { least: isAnswered ? 1 : 0, most: 1 }])
  const ours = Array.from({ length: sent }, (_, number) => {
    const { keyId, method, path } = callOf(number)
    return [`${keyId} ${method} ${path}`, { least: 1, most: resent.has(number) ? 2 : 1 }]
  })
  return new Map([...once, ...ours])
}

async function sendNumber(number, due) {
  const { kind, signer, keyId, method, path } = callOf(number)
  const body = method === 'GET' ? undefined : JSON.stringify({ number, text: 'x'.repeat(kind < 48 ? 300 : 200_000) })
  const { headers } = signer.sign({ method, url: ORIGIN + path, ...(body === undefined ? {} : { body }) })
  const { status, text } = await exchange(method, path, { ...headers, host: 'soak.example' }, body)
  if (status !== 200) throw new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 200)}`)
  const seen = JSON.parse(text)
  const digest = createHash('sha256')
    .update(body ?? '')
    .digest('hex')
  if (seen.method !== method || seen.url !== path || seen.digest !== digest || seen.key !== keyId)
    throw new Error(`${method} ${path} reached the upstream as another`)
  latencies.push(performance.now() - due)
}

function exchange(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const outgoing = httpRequest(
      { agent, host: '127.0.0.1', port: gateway.port, method, path, headers: { ...headers, ...length } },
      answer => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', piece => {
          text += piece
        })
        answer.on('end', () => resolve({ status: answer.statusCode, text }))
        answer.on('error', reject)
      },
    )
    outgoing.on('error', error => reject(Object.assign(error, { isReused: outgoing.reusedSocket })))
    outgoing.end(body)
  })
}

function startChild(file, env) {
  const child = fork(fileURLToPath(file), { env: { ...process.env, ...env } })
  running.push(child)
  child.on('exit', code => {
    if (code !== 0 && code !== null) wrong.push(`${file.pathname} ended with ${code}`)
  })
  return child
}

/** The command itself, with its log. */
async function startGateway(port) {
  const config = join(folder, 'gateway.json')
  const routes = [{ path: '/', schemes: schemes.map(({ name }) => name) }]
  const settings = {
    upstream: `http://127.0.0.1:${port}`,
    origin: ORIGIN,
    port: 0,
    store: join(folder, 'keys.db'),
    routes,
    spoolFolder,
    ...LIMITS,
  }
  writeFileSync(config, JSON.stringify(settings))
  const command = fileURLToPath(new URL('../../packages/cli/bin/countersign.js', import.meta.url))
  const child = spawn(process.execPath, [command, 'gateway', '--config', config, '--quiet', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  const lines = []
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', text => lines.push(...text.split('\n').filter(line => line !== '' && lines.length < 1000)))
  const [line] = await once(child.stdout, 'data')
  return {
    child,
    port: Number(new URL(JSON.parse(line).origin).port),
    // That bodies filled the disk they may have is what they were sent for.
    errors: () => lines.filter(text => !text.includes('maxSpoolBytes')),
  }
}

/** Of the gateway's process, as the system sees it. */
function resourcesOf({ child: { pid } }) {
  const process = `/proc/${pid}`
  if (!existsSync(process)) return { memory: Number.NaN, disk: Number.NaN, files: Number.NaN, descriptors: Number.NaN }
  const spooled = readdirSync(spoolFolder).flatMap(name =>
    listed(join(spoolFolder, name)).filter(file => !/^(lock|stand-in)$/.test(file.name)),
  )
  return {
    memory: Math.round(residentMiBOf(pid)),
    disk: spooled.reduce((sum, { size }) => sum + size, 0),
    files: spooled.length,
    descriptors: readdirSync(`${process}/fd`).length,
  }
}

function listed(path) {
  return readdirSync(path).flatMap(name => {
    try {
      return [{ name, size: statSync(join(path, name)).size }]
    } catch {
      // It was removed meanwhile.
      return []
    }
  })
}
