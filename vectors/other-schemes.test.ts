import { type Credentials, createSigner, createVerifier, memoryKeys, type Scheme } from 'countersign'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../packages/countersign/src/wire/encoding.ts'
import others from './other-schemes.json' with { type: 'json' }
import schemeVectors from './schemes.json' with { type: 'json' }

const NOW = Date.parse('2022-03-15T14:59:59Z')

function namedScheme(name: string): Scheme {
  const scheme = schemeNamed(name)
  if (scheme === undefined) throw new Error(`no scheme ${name}`)
  return scheme
}

describe('schemes that data does not describe, and one of key pairs, against Python', () => {
  it.each(others.vectors)('$scheme, $request.method', async ({ scheme: name, credentials, request, headers, url, ...more }) => {
    const scheme = namedScheme(name)
    const signed = createSigner(scheme, credentials as Credentials, { clock: () => NOW }).sign(request)
    expect(signed.headers).toEqual(headers)
    expect(signed.url).toBe(url)
    const { origin } = new URL(url)
    const key = more.publicKey === undefined ? { secret: credentials.secret } : { publicKey: more.publicKey }
    const { verify } = createVerifier(scheme, {
      origin,
      keys: memoryKeys(scheme, [{ ...key, id: credentials.keyId }]),
      clock: () => NOW,
      ...(more.publicKey === undefined ? {} : { only: { methods: [request.method], body: 'any' } }),
    })
    const incoming = { method: request.method, target: url.slice(origin.length), headers: signed.headers, body: signed.body }
    expect(await verify({ ...incoming, target: `${incoming.target}x` })).toMatchObject({ failure: { code: 'bad-signature' } })
    if (request.body !== undefined) expect(await verify({ ...incoming, body: utf8(`${request.body} `) })).toMatchObject({ ok: false })
    expect(await verify(incoming)).toMatchObject({ ok: true, key: { id: credentials.keyId } })
  })

  it('every scheme of the library has a vector', () => {
    // Those of qredo-v1 and AWS have files of their own.
    const ofFiles = ['qredo-v1', 'aws-sigv4', 'aws-sigv4-query']
    const names = [...schemeVectors.vectors, ...others.vectors].map(({ scheme }) => scheme)
    expect(new Set([...names, ...ofFiles])).toEqual(new Set(SCHEMES.map(({ name }) => name)))
  })
})
