/**
 * How often the engine names what a wrong client did. Pure but for Python: `explain` comes in, so that tests can use
 * the sources.
 */
import { MISTAKES, presentedBy } from './mistakes.js'
import { makeRequests, makeSecrets } from './requests.js'

const NOW = '1647356399123456789'

/**
 * @param {(input: object) => Promise<{ outcome: string, causes: readonly { code: string }[] }>} explain
 * @param {object} scheme
 * @param {{ pairs: number }} options how many pairs to draw
 */
export async function measureCorpus(explain, scheme, { pairs }) {
  const requests = makeRequests()
  const secrets = makeSecrets()
  const random = generator(20260101)
  const rows = []

  async function tryOne(mistakes, request, secret) {
    const right = presentedBy([], { secret, now: NOW, request })
    const presented = presentedBy(mistakes, { secret, now: NOW, request })
    // A mistake that changes nothing here, or undoes another, is none.
    if (presented === undefined || presented === right) return undefined
    if (
      mistakes.length > 1 &&
      mistakes.some(
        one =>
          presentedBy(
            mistakes.filter(other => other !== one),
            { secret, now: NOW, request },
          ) === presented,
      )
    )
      return undefined
    const headers = { 'qredo-api-key': secret.keyId, 'qredo-api-ts': NOW, 'qredo-api-sig': presented }
    const started = performance.now()
    const result = await explain({
      scheme,
      secret: secret.text,
      otherSecrets: [secret.old],
      request: { method: request.method, url: request.url, headers, body: request.text },
    })
    return { result, ms: performance.now() - started, named: isNamed(result, mistakes) }
  }

  for (const one of MISTAKES) {
    const row = { name: one.name, tried: 0, named: 0, wrong: 0, ms: [] }
    for (const [index, request] of requests.entries()) {
      const tried = await tryOne([one], request, secrets[index % secrets.length])
      if (tried !== undefined) count(row, tried)
    }
    rows.push(row)
  }
  const pairRow = { name: 'pairs', tried: 0, named: 0, wrong: 0, ms: [], missed: [] }
  while (pairRow.tried < pairs) {
    const [first, second] = [pick(MISTAKES, random), pick(MISTAKES, random)]
    if (first.dimension === second.dimension) continue
    const tried = await tryOne([first, second], pick(requests, random), pick(secrets, random))
    if (tried === undefined) continue
    count(pairRow, tried)
    if (!tried.named)
      pairRow.missed.push(
        `${first.name} + ${second.name}: ${tried.result.causes.map(({ code }) => code).join(', ') || tried.result.outcome}`,
      )
  }
  return { rows, pairs: pairRow }
}

function count(row, { result, ms, named }) {
  row.tried++
  row.ms.push(ms)
  if (named) row.named++
  else if (result.outcome === 'explained') row.wrong++
}

/** Every mistake stands under one of its names, and nothing else was named. */
function isNamed({ outcome, causes }, mistakes) {
  if (outcome !== 'explained') return false
  const left = causes.map(({ code }) => code)
  for (const { codes } of mistakes) {
    const at = left.findIndex(code => codes.includes(code))
    if (at < 0) return false
    left.splice(at, 1)
  }
  return left.length === 0
}

function pick(list, random) {
  return list[Math.floor(random() * list.length)]
}

/** Mulberry32: the same draw every time. */
export function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
