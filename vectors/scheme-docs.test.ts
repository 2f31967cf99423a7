import { readdirSync, readFileSync } from 'node:fs'
import { coverageByMethod, createSigner, createVerifier, describeScheme, LOSS_TITLES, memoryKeys } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
// @ts-expect-error a script, without types
import { exampleCall, schemePages } from '../scripts/scheme-pages.js'

const folder = new URL('../docs/schemes/', import.meta.url)

describe('docs/schemes', () => {
  it('are what the schemes say (npm run docs writes them)', () => {
    const pages = schemePages(SCHEMES, { coverageByMethod, createSigner, describeScheme, LOSS_TITLES }) as Record<string, string>
    expect(readdirSync(folder).sort()).toEqual(Object.keys(pages).sort())
    for (const [file, text] of Object.entries(pages)) expect(readFileSync(new URL(file, folder), 'utf8'), file).toBe(text)
  })

  it.each(SCHEMES.filter(({ keys }) => keys !== 'key-pair'))('$name: the worked example is accepted', async scheme => {
    const { credentials, options, request } = exampleCall(scheme)
    const signed = createSigner(scheme, credentials, options).sign(request)
    const { origin } = new URL(signed.url)
    const key = { id: 'key-1', secret: credentials.secret, ...(scheme.hasPassphrase ? { passphrase: credentials.passphrase } : {}) }
    const verifier = createVerifier(scheme, {
      origin,
      keys: memoryKeys(scheme, [key]),
      clock: options.clock,
      ...(scheme.keyId === 'carried' ? {} : { keyId: 'key-1' }),
    })
    expect(
      await verifier.verify({
        method: signed.method,
        target: signed.url.slice(origin.length),
        headers: { host: new URL(origin).host, ...signed.headers },
        body: signed.body,
      }),
    ).toMatchObject({ ok: true })
  })
})
