import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import { createSigner, createVerifier, memoryKeys, memoryReplayGuard } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { compare, print } from './rounds.js'

const ORIGIN = 'https://api.qredo.network'
const secret = randomBytes(60)
const keyId = '9OgjbzwhoE4LJA'
const transaction = JSON.stringify({
  from: `0x${'1'.repeat(40)}`,
  to: `0x${'2'.repeat(40)}`,
  value: '1000000000000000000',
  gasLimit: '21000',
})
const cases = [
  { name: 'GET', method: 'GET', target: '/qapi/v1/balance', body: undefined },
  { name: 'POST, 160-byte body', method: 'POST', target: '/qapi/v1/transaction', body: transaction },
]

/** The least that a hand-written client does: a key object made once, the time, one string, one HMAC, three headers. */
function signByHand(key, { method, target, body = '' }) {
  const url = ORIGIN + target
  return () => {
    const timestamp = String(Date.now() * 1e6)
    const signature = createHmac('sha256', key)
      .update(timestamp + method + url + body)
      .digest('base64url')
    return { 'qredo-api-key': keyId, 'qredo-api-ts': timestamp, 'qredo-api-sig': signature }
  }
}

/**
 * The least that a hand-written server does: the same string, one HMAC, one comparison. No parsing, keys, clock or
 * replays.
 */
function verifyByHand(key, { method, target, body = '' }, timestamp, signature) {
  const url = ORIGIN + target
  return () => {
    const expected = createHmac('sha256', key)
      .update(timestamp + method + url + body)
      .digest()
    return timingSafeEqual(expected, Buffer.from(signature, 'base64url'))
  }
}

export async function run() {
  const key = createSecretKey(secret)
  const clock = () => Date.now()
  const signer = createSigner(qredoV1, { keyId, secret }, { clock })
  const keys = memoryKeys(qredoV1, [{ id: keyId, secret }])
  for (const request of cases) {
    const { name, method, target, body } = request
    const url = ORIGIN + target
    const signing = await compare({
      'by hand (createHmac, key object)': signByHand(key, request),
      'by hand (createHmac, secret as a Buffer)': signByHand(secret, request),
      'signer.sign': () => signer.sign({ method, url, body }),
    })
    print(`sign, qredo-v1, ${name}`, signing, { 'signer.sign': 1.15 })

    const bytes = body === undefined ? undefined : new TextEncoder().encode(body)
    const { headers } = signer.sign({ method, url, body })
    const rawHeaders = [
      'host',
      'api.qredo.network',
      'user-agent',
      'bench',
      'accept',
      '*/*',
      'content-type',
      'application/json',
      ...Object.entries(headers).flat(),
    ]
    const replayed = createVerifier(qredoV1, { origin: ORIGIN, keys, replay: endlessGuard(), toleranceMs: 3_600_000 })
    const check = await replayed.verify({ method, target, headers: rawHeaders, body: bytes })
    if (!check.ok) throw new Error(`the benchmark's own request is refused: ${check.failure.code}`)
    const verifying = await compare({
      'by hand (createHmac, timingSafeEqual)': verifyByHand(key, request, headers['qredo-api-ts'], headers['qredo-api-sig']),
      'verifier.verify, everything on': () => replayed.verify({ method, target, headers: rawHeaders, body: bytes }),
    })
    print(`verify, qredo-v1, ${name}`, verifying, { 'verifier.verify, everything on': 1.6 })
  }
}

/**
 * The real guard in memory, given another signature for each call: the benchmark verifies one request over and over,
 * which the guard would rightly refuse. It is emptied now and then, as its window does at 10,000 calls a second.
 */
function endlessGuard() {
  const ids = Array.from({ length: 50_000 }, () => randomBytes(32).toString('base64url'))
  let guard = memoryReplayGuard()
  let next = 0
  return {
    claim({ keyId, expiresAtMs }) {
      if (next === ids.length) {
        guard = memoryReplayGuard()
        next = 0
      }
      return guard.claim({ id: ids[next++], keyId, expiresAtMs })
    },
  }
}
