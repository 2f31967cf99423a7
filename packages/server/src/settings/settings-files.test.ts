import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readGatewayConfig } from './read-config.ts'
import { withFiles } from './settings-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-pem-'))
afterAll(() => rmSync(folder, { recursive: true }))
const inFolder = (name: string): string => join(folder, name)

/** Kinds of keys that certificates have, as openssl is asked for them. */
const KINDS = {
  rsa: ['rsa:2048'],
  'P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
}

/** Makes `<name>.cert.pem` and `<name>.key.pem`. */
function certify(name: string, kind: readonly string[]): Error | undefined {
  const files = ['-keyout', inFolder(`${name}.key.pem`), '-out', inFolder(`${name}.cert.pem`)]
  return spawnSync('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', '-subj', '/CN=a', ...files], { stdio: 'ignore' }).error
}
const error = certify('own', KINDS['P-256'])
if (error === undefined) for (const [kind, words] of Object.entries(KINDS)) for (const name of [kind, `${kind}-2`]) certify(name, words)
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
writeFileSync(inFolder('other.pem'), ec.export({ type: 'pkcs8', format: 'pem' }))
writeFileSync(inFolder('locked.pem'), ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' }))
writeFileSync(inFolder('text.pem'), 'hello')
const DAMAGED = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
writeFileSync(inFolder('damaged.pem'), DAMAGED)
if (error === undefined) writeFileSync(inFolder('chain.pem'), readFileSync(inFolder('own.cert.pem'), 'utf8') + DAMAGED)

type Tls = { readonly cert?: string; readonly key?: string; readonly ca?: string }
const GOOD: Tls = { cert: 'own.cert.pem', key: 'own.key.pem' }

/** Reads settings with these files in one place. */
const PLACES: { readonly [setting: string]: (tls: Tls) => object } = {
  tls: tls => ({ upstream: 'https://a.internal', tls }),
  upstreamTls: tls => ({ upstream: 'https://a.internal', upstreamTls: tls }),
  'routes.1.upstreamTls': tls => ({
    upstream: 'https://a.internal',
    routes: [
      { path: '/', schemes: ['qredo-v1'] },
      { path: '/b', schemes: ['qredo-v1'], upstream: 'https://b.internal', upstreamTls: tls },
    ],
  }),
}

function read(place: string, tls: Tls): unknown {
  const settings = PLACES[place]?.(tls)
  return withFiles(readGatewayConfig(JSON.stringify({ origin: 'https://api.example.com', ...settings }), inFolder('g.json')))
}

type Row = readonly [tls: Tls, of: string, file: string, what: string]
const ROWS: readonly Row[] = [
  [{ ...GOOD, cert: 'none.pem' }, 'cert', 'none.pem', "can't be read (ENOENT)"],
  [{ ...GOOD, cert: 'text.pem' }, 'cert', 'text.pem', 'holds no certificate in PEM'],
  [{ ...GOOD, cert: 'own.key.pem' }, 'cert', 'own.key.pem', 'holds no certificate in PEM'],
  [{ ...GOOD, cert: 'damaged.pem' }, 'cert', 'damaged.pem', 'holds no certificate in PEM'],
  [{ ...GOOD, cert: 'chain.pem' }, 'cert', 'chain.pem', 'holds no certificate in PEM'],
  [{ ...GOOD, key: 'text.pem' }, 'key', 'text.pem', "can't be read as PEM"],
  [{ ...GOOD, key: 'own.cert.pem' }, 'key', 'own.cert.pem', "can't be read as PEM"],
  [{ ...GOOD, key: 'locked.pem' }, 'key', 'locked.pem', "can't be read as PEM: it has no private key, or one with a passphrase"],
  [{ ...GOOD, key: 'other.pem' }, 'key', 'other.pem', "doesn't belong to the certificate"],
]
const ROWS_OF_CA: readonly Row[] = [
  [{ ca: 'text.pem' }, 'ca', 'text.pem', 'holds no certificate in PEM'],
  [{ ca: 'damaged.pem' }, 'ca', 'damaged.pem', 'holds no certificate in PEM'],
]

describe.skipIf(error !== undefined).each(Object.keys(PLACES))('a file of %s (needs openssl)', place => {
  it.each(place === 'tls' ? ROWS : [...ROWS, ...ROWS_OF_CA])('that can’t be used is named with its setting: %j', (tls, of, file, what) => {
    const code = file === 'none.pem' ? 'file-unreadable' : place === 'tls' ? 'tls-invalid' : 'upstream-tls-invalid'
    expect(() => read(place, tls)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`${place}.${of}: ${inFolder(file)} ${what}`) as string }),
    )
  })

  it('is taken where it can be used', () => {
    expect(() => read(place, place === 'tls' ? GOOD : { ...GOOD, ca: 'own.cert.pem' })).not.toThrow()
  })
})

const KEYS = Object.keys(KINDS).flatMap(kind => [kind, `${kind}-2`])
const PAIRS = Object.keys(KINDS).flatMap(cert => KEYS.map(key => ({ cert, key })))

describe.skipIf(error !== undefined).each(Object.keys(PLACES))('certificate and key of %s (needs openssl)', place => {
  it.each(PAIRS)('are taken where they belong together, whatever their kinds: $cert with $key', ({ cert, key }) => {
    const reading = expect(() => read(place, { cert: `${cert}.cert.pem`, key: `${key}.key.pem` }))
    if (cert === key) reading.not.toThrow()
    else reading.toThrow(`${place}.key: ${inFolder(`${key}.key.pem`)} doesn't belong to the certificate`)
  })

  it('may be those of a chain, whose first certificate has the key', () => {
    const [first, ...others] = ['rsa', 'P-256'].map(name => readFileSync(inFolder(`${name}.cert.pem`), 'utf8'))
    writeFileSync(inFolder('whole.pem'), [first, ...others].join(''))
    expect(() => read(place, { cert: 'whole.pem', key: 'rsa.key.pem' })).not.toThrow()
    expect(() => read(place, { cert: 'whole.pem', key: 'P-256.key.pem' })).toThrow("doesn't belong")
  })
})

describe.skipIf(error !== undefined)('a key that identities are signed with (needs openssl)', () => {
  it.each([
    ['none.pem', 'file-unreadable', "can't be read"],
    ['text.pem', 'identity-key-invalid', 'a private key in PEM'],
    ['own.key.pem', 'identity-key-invalid', 'Ed25519'],
  ])('is named with its setting where it can’t be used: %s', (file, code, what) => {
    const settings = { origin: 'https://api.example.com', upstream: 'http://127.0.0.1:9', identity: { keyFiles: [inFolder(file)] } }
    expect(() => withFiles(readGatewayConfig(JSON.stringify(settings), inFolder('g.json')))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(`identity.keyFiles: ${inFolder(file)}.*${what}`) as string }),
    )
  })
})
