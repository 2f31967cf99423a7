import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/**
 * In a process of its own, from the built library: some mistakes with so much text end the process, which nothing can
 * catch.
 */
function verifyHuge(megabytes: number, which: 'shipped' | 'changed'): { [name: string]: string } {
  const script = `
    import { createSigner, createVerifier, defineScheme, memoryKeys } from 'countersign'
    import { SCHEMES } from 'countersign/schemes'
    const secret = 'c2VjcmV0'.repeat(6), passphrase = 'a-passphrase'
    const own = (name, message, more) => defineScheme({ name, title: name, algorithm: 'hmac-sha256', timestamp: { formats: ['seconds'] },
      message, signature: { encoding: 'hex' }, headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-sig': '{signature}' }, ...more })
    const headers = { 'x-key': '{keyId}', 'x-sig': '{signature}' }
    const schemes = {
      shipped: [
        ...SCHEMES.filter(scheme => scheme.keys !== 'key-pair'),
        own('in-query', '{method}\\n{query}{body}', { headers, query: { ts: '{timestamp}' } }),
        own('in-form', '{method}\\n{target}\\n{body}', { headers, form: { ts: '{timestamp}' } }),
      ],
      changed: [own('lower', '{timestamp}{method}\\n{target}\\n{body|lower}'), own('escaped', '{timestamp}{method}\\n{target}\\n{body|percent-encode}')],
    }
    const body = Buffer.alloc(134_217_728)
    const codes = {}
    for (const scheme of schemes['${which}']) {
      const credentials = { ...(scheme.keyId === 'none' ? {} : { keyId: 'nobody' }), secret, ...(scheme.hasPassphrase ? { passphrase } : {}) }
      const signed = createSigner(scheme, credentials, scheme.name.startsWith('aws') ? { parameters: { service: 'a', region: 'b' } } : { allow: ['ambiguous-request'] }).sign({ method: 'POST', url: 'https://a.example/x', body: 'a=1' })
      const verifier = createVerifier(scheme, { origin: 'https://a.example', keys: memoryKeys(scheme, []), ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
        only: { methods: ['POST'], paths: 'any', query: 'any' }, limits: { maxBodyBytes: 134_217_728 }, allow: ['letter-case', 'not-utf-8'] })
      for (const fill of '${which}' === 'changed' ? ['!'] : scheme.declaration?.query || scheme.declaration?.form ? ['a&', 'a=&', '!'] : ['a&']) {
        body.fill(fill)
        body[body.length - 1] = 0x25
        const result = await verifier.verify({ method: 'POST', target: signed.url.slice(17), headers: signed.headers, body: async () => body })
        codes[scheme.name + ' ' + fill] = result.ok ? 'accepted' : result.failure.code
      }
    }
    console.log(JSON.stringify(codes))
  `
  const { stdout, stderr } = spawnSync(process.execPath, [`--max-old-space-size=${megabytes}`, '--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  if (stdout === '') throw new Error(stderr.slice(0, 500))
  return JSON.parse(stdout)
}

describe('an unsigned body of 128 MiB', { timeout: 600_000 }, () => {
  it('is refused by every shipped scheme, and by those with a time in query or form, in hardly any memory', () => {
    const codes = verifyHuge(96, 'shipped')
    expect(Object.keys(codes).length).toBeGreaterThan(20)
    expect(Object.values(codes)).not.toContain('accepted')
    expect(Object.values(codes)).not.toContain('key-source-unavailable')
  })

  it('is refused by schemes that sign it changed', () => {
    const codes = verifyHuge(1536, 'changed')
    expect(Object.keys(codes).length).toBe(2)
    expect(new Set(Object.values(codes))).toEqual(new Set(['unknown-key']))
  })
})
