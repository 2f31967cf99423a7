/**
 * Whether the time of a refusal tells which keys exist: a known key with a wrong signature beside an unknown one, for
 * every scheme and kind of key, with signatures of each length, with and without a label. Run by `npm run
 * bench:unknown`, after a build. Medians of CPU time over calls in turn; ends with 1 where a ratio is not within 0.8 to
 * 1.25 and the difference is more than the least that can be told.
 */
import { SCHEMES } from 'countersign/schemes'
import { pairOf, secretOf, signedRequest, verifierFor } from './worst/schemes.js'

const ROUNDS = 21
const CALLS = 40
const [LEAST, MOST] = [0.8, 1.25]
/** Less than this, in microseconds, is the noise of a process. */
const TELLABLE_US = 2

const KEYS = {
  'rsa-v1_5-sha256': { publicKey: () => pairOf('rsa-2048').publicKey },
  'rsa-v1_5-sha512': { publicKey: () => pairOf('rsa-2048').publicKey },
  'rsa-pss-sha512': { publicKey: () => pairOf('rsa-4096').publicKey },
  'ecdsa-p256-sha256': { publicKey: () => pairOf('p256').publicKey },
  'ecdsa-p384-sha384': { publicKey: () => pairOf('p384').publicKey },
  ed25519: { publicKey: () => pairOf('ed25519').publicKey },
}
const LENGTHS = [20, 32, 48, 64, 96, 100, 256, 512]

const results = []
for (const scheme of SCHEMES) {
  if (scheme.keys === 'either') await severalKinds(scheme)
  else {
    const request = signedRequest(scheme)
    await compare(
      scheme,
      'its own kind',
      { isKnown: true, ...(scheme.keys === 'key-pair' ? { publicKey: pairOf('rsa-2048').publicKey } : {}) },
      spoilt(request),
    )
    if (scheme.keys === 'secret')
      await compare(scheme, 'two secrets', { isKnown: true, secrets: [secretOf(8), secretOf(9)] }, spoilt(request))
  }
}
const bad = results.filter(({ isBad }) => isBad)
console.log(`\n${results.length} comparisons, ${bad.length} outside of ${LEAST} to ${MOST}`)
process.exitCode = bad.length > 0 ? 1 : 0

async function severalKinds(scheme) {
  for (const algorithm of scheme.algorithms) {
    const key = { isKnown: true, algorithm, publicKey: KEYS[algorithm]?.publicKey() }
    for (const label of [false, true]) {
      for (const length of LENGTHS) {
        const request = signedRequest(scheme, { hasBody: false })
        await compare(
          scheme,
          `${algorithm}${label ? ', labelled' : ''}, ${length} bytes`,
          key,
          resigned(request, length, label ? algorithm : undefined),
        )
      }
    }
  }
}

/** The same request with a signature of another length, and a label. */
function resigned(request, length, label) {
  return at => {
    const text = Buffer.alloc(length, (at % 100) + 1).toString('base64')
    const headers = request.headers.map(([name, value]) => {
      if (name === 'signature') return [name, value.replace(/:[^:]*:/, `:${text}:`)]
      if (name === 'signature-input') return [name, value + (label === undefined ? '' : `;alg="${label}"`)]
      if (name !== 'authorization') return [name, value]
      return [
        name,
        value.replace(/signature="[^"]*"/, `signature="${text}"`).replace(/algorithm="[^"]*"/, `algorithm="${label ?? 'hs2019'}"`),
      ]
    })
    return { ...request, headers: headers.flat() }
  }
}

/** The call of another path: its signature has the right form, and does not hold. */
function spoilt(request) {
  return at => ({ ...request, target: request.target.replace('/v1/orders', `/v1/orders${at % 10}`), headers: request.headers.flat() })
}

async function compare(scheme, what, key, requestOf) {
  const sides = [verifierFor(scheme, key), verifierFor(scheme, { ...key, isKnown: false })]
  const times = [[], []]
  const codes = ['', '']
  for (let round = -2; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const requests = Array.from({ length: CALLS }, (_, at) => requestOf(at + Math.abs(round)))
      const started = process.cpuUsage()
      for (const request of requests) {
        const result = await sides[side].verify(request)
        codes[side] = result.ok ? 'accepted' : result.failure.code
      }
      const { user, system } = process.cpuUsage(started)
      if (round >= 0) times[side].push((user + system) / CALLS)
    }
  }
  const [known, unknown] = times.map(some => some.sort((a, b) => a - b)[Math.floor(some.length / 2)])
  const ratio = known / unknown
  const isBad = codes.includes('accepted') || ((ratio < LEAST || ratio > MOST) && Math.abs(known - unknown) > TELLABLE_US)
  results.push({ isBad })
  console.log(
    `${isBad ? '!' : ' '} ${`${scheme.name}, ${what}`.padEnd(64)} known ${known.toFixed(1).padStart(7)} µs, unknown ${unknown.toFixed(1).padStart(7)} µs, ratio ${ratio.toFixed(2)}  ${codes.join(' / ')}`,
  )
}
