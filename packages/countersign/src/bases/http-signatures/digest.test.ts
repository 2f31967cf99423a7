import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as platform } from '#crypto'
import { crypto as web } from '../../crypto/web.ts'
import { contentDigest, digestHolds } from './index.ts'

const BODY = Buffer.from('{"hello": "world"}\n')
const sha256 = createHash('sha256').update(BODY).digest('base64')
const sha512 = createHash('sha512').update(BODY).digest('base64')
const ofNothing = createHash('sha256').digest('base64')

// RFC 9530, appendix B.1 and D.
const RFC_SHA256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'
const RFC_SHA512 = 'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:'

describe('Content-Digest', () => {
  it.each([
    ['Node', platform],
    ['WebCrypto', web],
  ])('is written as in RFC 9530: %s', async (_, crypto) => {
    expect(await contentDigest(crypto, BODY)).toBe(RFC_SHA256)
    expect(await contentDigest(crypto, BODY.toString())).toBe(RFC_SHA256)
    expect(await contentDigest(crypto, BODY, 'sha-512')).toBe(RFC_SHA512)
    expect(await digestHolds(crypto, RFC_SHA256, BODY)).toBe(true)
    expect(await digestHolds(crypto, RFC_SHA512, BODY)).toBe(true)
    expect(await digestHolds(crypto, `${RFC_SHA256}, ${RFC_SHA512}`, BODY)).toBe(true)
    expect(await digestHolds(crypto, `${RFC_SHA256}, ${RFC_SHA512}`, Buffer.from('{"hello": "World"}\n'))).toBe(false)
  })

  it.each<[string, Uint8Array | undefined, boolean]>([
    [`sha-256=:${sha256}:`, BODY, true],
    [`sha-256=:${sha256.slice(0, -1)}:`, BODY, true],
    [`sha-256=:${ofNothing}:`, undefined, true],
    [`sha-256=:${sha256}:`, undefined, false],
    [`sha-512=:${sha512}:, sha-256=:${sha256}:`, BODY, true],
    [`md5=:AAAA:, sha-256=:${sha256}:`, BODY, true],
    [`md5=(1), sha-256=:${sha256}:`, BODY, true],
    [`sha-256=:${sha512}:`, BODY, false],
    [`sha-512=:${sha256}:, sha-256=:${sha256}:`, BODY, false],
    [`sha-256=:${sha256}:, sha-512=:${sha256}:`, BODY, false],
    [`sha-256=:${sha256}:, sha-512=(:${sha512}:)`, BODY, false],
    [`sha-256=:${sha256}:, sha-512="${sha512}"`, BODY, false],
    [`sha-256="${sha256}"`, BODY, false],
    ['sha-256=:A:', BODY, false],
    ['md5=:AAAA:', BODY, false],
    ['', BODY, false],
    ['=', BODY, false],
  ])('%s of %j: %s', async (field, body, holds) => {
    expect(await digestHolds(platform, field, body)).toBe(holds)
    expect(await digestHolds(web, field, body)).toBe(holds)
  })
})
