import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../../keys/key.ts'
import { memoryReplayGuard } from '../../replay/replay.ts'
import { createVerifier } from '../../verify/verify.ts'
import { httpMessageSignatures } from './index.ts'

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(64, 7)
const scheme = httpMessageSignatures({ name: 'roles', components: ['@method', '@target-uri'] })

async function codeOf(component: string, signedValue: string, sent: string): Promise<string> {
  const input = `("@method" "@target-uri" ${component});created=${NOW / 1000};keyid="k";alg="hmac-sha256";nonce="one"`
  const base = `"@method": GET\n"@target-uri": https://a.example/\n${component}: ${signedValue}\n"@signature-params": ${input}`
  const signature = createHmac('sha256', secret).update(base).digest('base64')
  const verifier = createVerifier(scheme, {
    origin: 'https://a.example',
    keys: memoryKeys(scheme, [{ id: 'k', secret }]),
    clock: () => NOW,
    replay: memoryReplayGuard({ clock: () => NOW }),
  })
  const result = await verifier.verify({
    method: 'GET',
    target: '/',
    headers: ['signature-input', `sig=${input}`, 'signature', `sig=:${signature}:`, 'x-role', sent],
  })
  return result.ok ? 'ok' : result.failure.code
}

describe('a header that is signed as a dictionary', () => {
  it.each([
    ['"x-role";sf', 'role=user'],
    ['"x-role";key="role"', 'user'],
  ])('%s is refused where a key comes twice, since a handler may take the first', async (component, signedValue) => {
    expect(await codeOf(component, signedValue, 'role=user')).toBe('ok')
    expect(await codeOf(component, signedValue, 'role=admin, role=user')).toBe('ambiguous-request')
    expect(await codeOf(component, signedValue, 'role=user,role=user')).toBe('ambiguous-request')
  })
})
