import { generateKeyPairSync } from 'node:crypto'
import { createSigner, type KeySource, memoryKeys, memoryReplayGuard, type Scheme, takesReplayGuard } from 'countersign'
import { draftSignatures } from 'countersign/draft-signatures'
import { httpMessageSignatures } from 'countersign/http-signatures'
import { SCHEMES } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { createRouter } from './router.ts'

const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(60, 7).toString('base64')
const body = '{"a":1}'
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

describe('the replay guard that processes share', () => {
  const timeless = httpMessageSignatures({ name: 'timeless', parameters: ['keyid'] })
  const timelessDraft = draftSignatures({ name: 'timeless-draft', headers: ['(request-target)', 'host', 'digest'] })
  const schemes: readonly Scheme[] = [...SCHEMES, timeless, timelessDraft]

  /** The routers of two processes, and how often they asked their guard. */
  function prepare(scheme: Scheme, keys: KeySource) {
    const shared = memoryReplayGuard()
    let claims = 0
    const replay = {
      claim(...given: Parameters<typeof shared.claim>) {
        claims++
        return shared.claim(...given)
      },
    }
    const cached = {
      ...keys,
      find: keys.find,
      ofScheme: () => keys,
      forget: () => undefined,
      forgetAll: () => undefined,
      size: 0,
      counts: { hits: 0, misses: 0, stale: 0 },
    }
    const only = { methods: ['POST'], paths: 'any', query: 'any', body: 'any' } as const
    const routes = [{ path: '/', schemes: [scheme.name], only }]
    const start = () => createRouter({ routes, schemes, origin: ORIGIN, keys: cached, replay })
    return { processes: [start(), start()] as const, countClaims: () => claims }
  }

  it.each(schemes.filter(({ keyId }) => keyId !== 'none').map(scheme => [scheme.name, scheme] as const))(
    'takes a call of %s once among them all, or the scheme detects no replays',
    async (_name, scheme) => {
      const isPair = scheme.keys === 'key-pair'
      const passphrase = scheme.hasPassphrase ? 'pass' : undefined
      const keys = memoryKeys(scheme, [{ id: 'k', passphrase, ...(isPair ? { publicKey: pair.publicKey } : { secret }) }])
      const { processes, countClaims } = prepare(scheme, keys)
      // A client may sign more than is demanded of it.
      const signing: Scheme =
        scheme === timeless ? httpMessageSignatures({ name: 'timeless', parameters: ['created', 'keyid', 'nonce'] }) : scheme
      const credentials = { keyId: 'k', passphrase, ...(isPair ? { privateKey: pair.privateKey } : { secret }) }
      const {
        url,
        headers,
        body: sent,
      } = createSigner(signing, credentials, {
        allow: ['ambiguous-request'],
        ...(scheme.name.startsWith('aws') ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {}),
      }).sign({ method: 'POST', url: `${ORIGIN}/pay`, body: scheme.name === 'kraken' ? 'a=1' : body })
      const codes: (string | undefined)[] = []
      for (const routeOf of processes) {
        const route = routeOf('POST', '/pay')
        if (typeof route === 'string' || 'unclear' in route) throw new Error(JSON.stringify(route))
        const request = { method: 'POST', target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers }, body: sent }
        const { result } = await route.verify(request)
        codes.push(result.ok ? undefined : result.failure.code)
      }
      // What signs neither a time nor a nonce can't be told from a second delivery.
      const isToldApart = scheme !== timelessDraft && takesReplayGuard(scheme)
      expect(codes).toEqual([undefined, isToldApart ? 'replayed' : undefined])
      expect(countClaims() > 0).toBe(isToldApart)
    },
  )
})
