/**
 * Requests a second with wrk, side by side against the same small upstream: what a signature costs in front of an API,
 * and what the gateway costs beside a proxy that checks nothing. The servers take turns for several rounds; medians,
 * and ratios to what each is compared with. Needs wrk; redis-server and nginx (with its JavaScript module) where they
 * are. Fails where an answer is not 2xx. Prints the server's own CPU time for each request as well, which tells more
 * than requests a second where wrk, server and upstream share the cores. Run by `npm run bench:gateway`, after a build.
 */
import { execFileSync, fork, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { cpuSecondsOf, freePort } from '../process.js'
import { createStore } from '../store.js'

const ROUNDS = Number(process.env.ROUNDS ?? 5)
const SECONDS = Number(process.env.SECONDS ?? 3)
const CONNECTIONS = 64
/** Text in the names of what is measured. */
const ONLY = process.env.ONLY ?? ''
/** What the two are to reach, of what they are compared with. */
const GOALS = new Map([
  ['with our middleware', 0.8],
  ['our gateway, guard in memory', 0.9],
])
/** Every request is sent once: more than the fastest so far answered in a round. */
let requestsPerRound = SECONDS * 45_000
const NJS_MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const has = program => spawnSync(program, ['--version']).error === undefined
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
const store = join(folder, 'keys.db')
const running = []

if (!has('wrk')) {
  console.error('wrk is not installed: nothing to measure with.')
  process.exit(1)
}
const [credentials] = await createStore(store, [qredoV1])
const { secret } = credentials

const redisPort = await freePort()
if (has('redis-server'))
  running.push(spawn('redis-server', ['--port', String(redisPort), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' }))

let upstream = ''
const { port: upstreamPort } = await start('upstream')
upstream = `http://127.0.0.1:${upstreamPort}`
const targets = new Map()
for (const name of [
  'bare node:http',
  'with our middleware',
  'with a naive inline createHmac',
  'bare undici proxy',
  'our gateway, guard in memory',
])
  targets.set(name, await start(name))
if (has('redis-server')) {
  targets.set('our gateway, guard in Redis', await start('our gateway, guard in Redis'))
  // The command itself, with a log, and with as many processes as there are cores on a small machine.
  for (const workers of [1, 2]) targets.set(`gateway --workers ${workers}`, await startCommand(workers))
}
if (spawnSync('nginx', ['-v']).error === undefined) {
  targets.set('nginx, plain proxy', await startNginx(false))
  if (existsSync(NJS_MODULE)) targets.set('nginx, njs checks the HMAC', await startNginx(true))
}
// Redis takes what is signed two seconds after its memory began.
await sleep(2500)

const measured = [...targets].filter(([name]) => name.includes(ONLY) || name.startsWith('bare'))
const results = new Map(measured.map(([name]) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  const order = round % 2 === 0 ? measured : measured.toReversed()
  for (const [name, target] of order) results.get(name).push(measure(target))
}
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const rates = new Map([...results].map(([name, list]) => [name, median(list.map(({ rate }) => rate))]))
let notTaken = 0
const cpuOf = name => median(results.get(name).map(({ cpuMicros }) => cpuMicros))
for (const [name, list] of results) {
  const against = name.includes('gateway') || name.includes('nginx') ? 'bare undici proxy' : 'bare node:http'
  const ratio = rates.get(name) / rates.get(against)
  const failed = list.reduce((sum, { errors }) => sum + errors, 0)
  notTaken += failed
  const goal = GOALS.get(name)
  const columns = [
    name.padEnd(32),
    `${Math.round(rates.get(name))} requests/s`.padStart(19),
    `p99 ${(median(list.map(({ p99 }) => p99)) / 1000).toFixed(1)} ms`.padStart(14),
    `${cpuOf(name).toFixed(1)} µs CPU`.padStart(13),
    `  ${ratio.toFixed(2)} of ${against}, by CPU ${(cpuOf(against) / cpuOf(name)).toFixed(2)}`,
    goal === undefined ? '' : `  (goal ${goal.toFixed(2)}: ${ratio >= goal ? 'met' : 'missed'})`,
    failed === 0 ? '' : `  (${failed} not 2xx)`,
  ]
  console.log(columns.join(''))
}
for (const child of running) child.kill('SIGTERM')
rmSync(folder, { recursive: true, force: true })
if (notTaken > 0) console.error(`${notTaken} answers were not 2xx: these figures are of something else.`)
process.exit(notTaken > 0 ? 1 : 0)

/** Again with more requests where they ran out, since one that is sent twice is a replay. */
function measure(target) {
  for (;;) {
    const sent = requestsPerRound
    const result = measureOnce(target, sent)
    if (result.count <= sent) return result
    requestsPerRound = Math.ceil(result.count * 1.5)
  }
}

function measureOnce({ port, pid }, sent) {
  const requests = join(folder, 'requests')
  const signer = createSigner(qredoV1, credentials)
  const lines = []
  for (let at = 0; at < sent; at++) {
    const { headers } = signer.sign({ method: 'GET', url: `http://bench.example/v1/orders/${at}?limit=10` })
    lines.push(`/v1/orders/${at}?limit=10 ${headers['qredo-api-key']} ${headers['qredo-api-ts']} ${headers['qredo-api-sig']}`)
  }
  writeFileSync(requests, lines.join('\n'))
  const before = cpuSecondsOf(pid)
  const text = execFileSync('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-s', here('requests.lua'), `http://127.0.0.1:${port}`], {
    env: { ...process.env, BENCH_REQUESTS: requests },
    encoding: 'utf8',
  })
  const [, count, micros, errors, p99] = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(text)
  const cpuMicros = ((cpuSecondsOf(pid) - before) * 1e6) / Number(count)
  return { count: Number(count), rate: Number(count) / (Number(micros) / 1e6), errors: Number(errors), p99: Number(p99), cpuMicros }
}

function start(name) {
  return new Promise((resolve, reject) => {
    const child = fork(here('servers.js'), {
      env: { ...process.env, BENCH: JSON.stringify({ name, upstream, store, secret, redis: `redis://127.0.0.1:${redisPort}` }) },
    })
    running.push(child)
    child.once('message', ({ port }) => resolve({ port, pid: child.pid }))
    child.once('exit', code => reject(new Error(`${name} ended with ${code}`)))
  })
}

function startCommand(workers) {
  const command = here('../../packages/cli/bin/countersign.js')
  const options = { '--upstream': upstream, '--origin': 'http://bench.example', '--store': store, '--workers': workers, '--port': 0 }
  const args = [...Object.entries({ ...options, '--redis': `redis://127.0.0.1:${redisPort}` }).flat(), '--quiet', '--json'].map(String)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, 'gateway', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
    running.push(child)
    child.stdout.once('data', line => resolve({ port: Number(new URL(JSON.parse(line).origin).port), pid: child.pid }))
    child.once('exit', code => reject(new Error(`gateway --workers ${workers} ended with ${code}`)))
  })
}

async function startNginx(withHmac) {
  const port = await freePort()
  const own = mkdtempSync(join(folder, 'nginx-'))
  writeFileSync(
    join(own, 'check.js'),
    `import crypto from 'crypto'
const key = Buffer.from('${secret}', 'base64')
function check(r) {
  const h = r.headersIn
  const made = crypto.createHmac('sha256', key).update(h['qredo-api-ts'] + r.method + 'http://bench.example' + r.variables.request_uri).digest('base64url')
  if (made !== h['qredo-api-sig']) { r.return(401); return }
  r.internalRedirect('@upstream')
}
export default { check }
`,
  )
  writeFileSync(
    join(own, 'nginx.conf'),
    `${withHmac ? `load_module ${NJS_MODULE};` : ''}
worker_processes 1; daemon off; pid ${own}/pid; error_log ${own}/error.log crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${own}/b; proxy_temp_path ${own}/p; fastcgi_temp_path ${own}/f; uwsgi_temp_path ${own}/u; scgi_temp_path ${own}/s;
  ${withHmac ? `js_path ${own}; js_import check from check.js;` : ''}
  keepalive_requests 1000000;
  upstream api { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location ${withHmac ? '@upstream' : '/'} { proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass http://api; }
    ${withHmac ? 'location / { js_content check.check; }' : ''}
  }
}
`,
  )
  const child = spawn('nginx', ['-c', join(own, 'nginx.conf'), '-p', own, '-e', join(own, 'error.log')], { stdio: 'ignore' })
  running.push(child)
  await sleep(500)
  return { port, pid: child.pid }
}
