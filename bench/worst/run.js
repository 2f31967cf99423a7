/**
 * What one request of a stranger costs at most: hostile inputs for every scheme, in three lengths, so that what grows
 * faster than the request shows. Milliseconds of CPU time, not of the clock, which others share. Run by `npm run
 * bench:worst`, after a build.
 *
 *   --all            every input, not only the worst of each scheme
 *   --scheme NAME    only this scheme
 *   --input TEXT     only inputs whose name holds the text
 *
 * Ends with 1 where an answer is wrong: something was accepted, or thrown. Times are the reader's to judge.
 */
import { parseArgs } from 'node:util'
import { INPUTS } from './inputs.js'
import { MEASURED, signedRequest, verifierFor } from './schemes.js'

const SIZES = [4096, 8192, 16_384]
/** The most that a request of 16 kB may cost, in milliseconds. */
const AIM_MS = 2
const SHOWN = 6
/** Measured until there are so many samples, or so much time was spent on one input; a cheap one gets a few only. */
const [SAMPLES, FEW, WARM_UP, BUDGET_MS] = [25, 5, 3, 60]
const CHEAP_MS = AIM_MS / 8

const { values: only } = parseArgs({ options: { all: { type: 'boolean' }, scheme: { type: 'string' }, input: { type: 'string' } } })

const wrong = []
const signedOnce = new Map()
let [measured, above] = [0, 0]
let turn = 0

console.log(
  `${'ms of CPU: median of 25 (5 where it is cheap), worst'.padEnd(76)} ${'bytes'.padStart(6)} ${'median'.padStart(8)} ${'worst'.padStart(8)} ${'ms/kB'.padStart(7)} ${'16k/4k'.padStart(7)}  answer`,
)
for (const scheme of MEASURED) {
  if (only.scheme !== undefined && scheme.name !== only.scheme) continue
  const rows = []
  for (const isKnown of [false, true]) {
    const verifier = verifierFor(scheme, { isKnown })
    await warmUp(verifier, scheme)
    for (const input of INPUTS) {
      if (input.of !== undefined && !input.of.includes(scheme.name)) continue
      if (only.input !== undefined && !input.name.includes(only.input)) continue
      for (const [detail, make] of variantsOf(input, scheme)) {
        const sizes = []
        for (const bytes of SIZES) {
          const row = await measure(verifier, make, bytes)
          if (row !== undefined) sizes.push(row)
        }
        const [small, large] = [sizes[0], sizes.at(-1)]
        if (small === undefined || large === undefined) continue
        measured++
        const name = `${input.name}${detail === '' ? '' : ` (${detail})`}${isKnown ? ', known key' : ''}`
        rows.push({ name, ...large, ratio: large.median / small.median })
        for (const { answer } of sizes)
          if (answer === 'accepted' || answer.startsWith('threw')) wrong.push(`${scheme.name}, ${name}: ${answer}`)
      }
    }
  }
  above += rows.filter(({ median }) => median > AIM_MS).length
  rows.sort((a, b) => b.median - a.median)
  console.log(`\n${scheme.name}: ${rows.length} inputs`)
  for (const row of only.all ? rows : rows.slice(0, SHOWN)) print(row)
}
console.log(`\n${measured} inputs; ${above} cost more than ${AIM_MS} ms; ${wrong.length} wrong answers`)
for (const one of wrong) console.log(`WRONG: ${one}`)
if (measured === 0) console.error(`No input fits; schemes are ${MEASURED.map(({ name }) => name).join(', ')}.`)
process.exitCode = measured === 0 ? 2 : wrong.length > 0 ? 1 : 0

/** One for each header, or just one. */
function variantsOf(input, scheme) {
  if (input.make !== undefined) return [['', input.make]]
  return input
    .makeEach(signedRequest(scheme), 16)
    .map(([detail], index) => [detail, (signed, bytes, at) => input.makeEach(signed, bytes, at)[index]?.[1]])
}

async function warmUp(verifier, scheme) {
  const request = asNodeHas(signedRequest(scheme))
  for (let count = 0; count < 300; count++) await verifier.verify(request)
}

async function measure(verifier, make, bytes) {
  const times = []
  const startedAt = performance.now()
  let answer = ''
  let length = 0
  for (let at = -WARM_UP; at < SAMPLES; at++) {
    turn += 100
    const made = make(signedRequestOnce(verifier.scheme), bytes, turn % 40_000)
    if (made === undefined) return undefined
    const request = asNodeHas(made)
    const started = process.cpuUsage()
    answer = await answerOf(verifier, request)
    const { user, system } = process.cpuUsage(started)
    const took = (user + system) / 1000
    if (at >= 0 || took > BUDGET_MS) times.push(took)
    length = bytesOf(made)
    if (performance.now() - startedAt > BUDGET_MS && times.length > 2) break
    if (times.length === FEW && times.every(time => time < CHEAP_MS)) break
  }
  times.sort((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  return { bytes: length, median, worst: times.at(-1) ?? 0, answer }
}

function signedRequestOnce(scheme) {
  if (!signedOnce.has(scheme)) signedOnce.set(scheme, signedRequest(scheme))
  return signedOnce.get(scheme)
}

async function answerOf(verifier, request) {
  try {
    const result = await verifier.verify(request)
    return result.ok ? 'accepted' : result.failure.code
  } catch (error) {
    return `threw ${error}`
  }
}

/** Every line as it came, names and values in turn; made anew, since a real request's texts are new too. */
function asNodeHas({ method, target, headers, body }) {
  return { method, target: fresh(target), headers: headers.flat().map(text => fresh(String(text))), body }
}

function fresh(text) {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function bytesOf({ method, target, headers, body }) {
  return (
    method.length +
    target.length +
    12 +
    headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0) +
    (body?.length ?? 0)
  )
}

function print({ name, bytes, median, worst, ratio, answer }) {
  const mark = median > AIM_MS ? '!' : ' '
  const shown = name.length > 74 ? `${name.slice(0, 73)}…` : name
  console.log(
    `${mark} ${shown.padEnd(74)} ${String(bytes).padStart(6)} ${median.toFixed(3).padStart(8)} ${worst.toFixed(3).padStart(8)} ${((median / bytes) * 1024).toFixed(4).padStart(7)} ${ratio.toFixed(1).padStart(7)}  ${answer}`,
  )
}
