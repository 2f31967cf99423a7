/**
 * What it costs a server to explain a wrong signature, by the size of the body: the CPU of one refusal, how long the
 * event loop stood still at most, and the CPU of the longest turn, which other work on the machine doesn't change.
 * Fails where a mistake with a small body is not found. Run by `npm run bench:explain-refusals`, after a build; the
 * folder of another built checkout as argument is measured before this one.
 */
import { createHmac } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const SIZES = { 0: 0, '10 kB': 10_000, '100 kB': 100_000, '1 MiB': 1_048_576, '10 MiB': 10_485_760 }
const ROUNDS = 5
const SECRET = Buffer.alloc(40, 0xfb)
const SECONDS = 1_647_356_399
const ORIGIN = { origin: 'https://api.example.com', basePath: '' }

const here = new URL('..', import.meta.url).href
const [other] = process.argv.slice(2)
if (other !== undefined) await print(`before (${other})`, pathToFileURL(`${other}/`).href)
const isRight = await print('now', here)
if (!isRight) process.exit(1)

async function print(title, base) {
  const library = await load(base)
  console.log(`\n${title}\n  body            CPU, ms       stall, ms    turn, CPU ms   messages tried   cause found`)
  let isRight = true
  for (const [name, size] of Object.entries(SIZES)) {
    const body = jsonOf(size)
    const cpu = []
    const stalls = []
    const turns = []
    let attempts = 0
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      const cost = await explainOne(library, body, 'nothing that anybody signs')
      attempts = cost.event?.explanation.attempts ?? 0
      if (round === 0) continue
      cpu.push(cost.cpuMs)
      stalls.push(cost.stallMs)
      turns.push(cost.turnMs)
    }
    const wanted = size === 0 ? 'method-lower-case' : 'body-json-dumps'
    const signed = size === 0 ? `${SECONDS}post${ORIGIN.origin}/x` : `${SECONDS}POST${ORIGIN.origin}/x${asPython(body)}`
    const { event } = await explainOne(library, body, signed)
    const found = event?.explanation.causes.map(({ code }) => code).join(', ') ?? ''
    if (size <= SIZES['10 kB'] && found !== wanted) isRight = false
    const figures = [median(cpu).toFixed(0), Math.max(...stalls).toFixed(1), Math.max(...turns).toFixed(1), attempts]
    console.log(`  ${name.padEnd(6)} ${figures.map(figure => String(figure).padStart(16)).join(' ')}   ${found || '-'}`)
  }
  return isRight
}

async function load(base) {
  const from = path => import(new URL(`packages/countersign/dist/${path}`, base).href)
  const [{ memoryKeys }, { qredoV1 }, { explainRefusals }] = await Promise.all([
    from('index.js'),
    from('schemes/index.js'),
    from('explain/index.js'),
  ])
  return { scheme: qredoV1, keys: memoryKeys(qredoV1, [{ id: 'one', secret: SECRET.toString('base64url') }]), explainRefusals }
}

/** Explains a refusal, and says what that took. */
async function explainOne({ scheme, keys, explainRefusals }, body, signed) {
  let event
  const onRefused = explainRefusals({
    scheme,
    keys,
    onExplained: explained => {
      event = explained
    },
  })
  const request = {
    method: 'POST',
    target: '/x',
    headers: {
      'qredo-api-key': 'one',
      'qredo-api-ts': String(SECONDS),
      'qredo-api-sig': createHmac('sha256', SECRET).update(signed).digest('base64url'),
    },
  }
  globalThis.gc?.()
  await sleep(20)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  onRefused({ failure: { code: 'bad-signature', keyId: 'one' }, request, origin: ORIGIN, body })
  let turnMs = 0
  let since = before
  while (event === undefined) {
    await sleep(1)
    const used = process.cpuUsage(since)
    since = process.cpuUsage()
    turnMs = Math.max(turnMs, (used.user + used.system) / 1000)
  }
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  return { event, cpuMs: (user + system) / 1000, stallMs: delay.max / 1e6, turnMs }
}

/** Compact JSON of about so many bytes. */
function jsonOf(size) {
  if (size === 0) return undefined
  const items = []
  for (let length = 2; length < size; length += JSON.stringify(items.at(-1)).length + 1)
    items.push({ id: items.length, name: 'Smith & Sons', amount: 12.5, open: true, days: [1, 2, 3] })
  return Buffer.from(JSON.stringify(items))
}

/** The same as Python's json.dumps writes it. */
function asPython(body) {
  return body
    .toString()
    .replaceAll('":', '": ')
    .replaceAll(/,(?=["{\d])/g, ', ')
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
