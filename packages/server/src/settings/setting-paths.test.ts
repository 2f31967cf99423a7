import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatewaySchema } from './config.ts'
import { readGatewayConfig, readStoreConfig } from './read-config.ts'
import { PATH_SETTINGS } from './setting-paths.ts'

/** Settings that are texts of any kind and no paths: a new one has to be put here, or among the paths. */
const OTHER_TEXTS = [
  'host',
  'adminHost',
  'redis',
  'redis.*',
  'trustedProxies.*',
  'keepHeaders.*',
  'identity.audience',
  'permissions.*.title',
  'permissions.*.description',
  'routes.*.schemes.*',
  'routes.*.permission.*',
  'routes.*.audience',
  'routes.*.key',
  'routes.*.keyFrom.header',
  'deprecations.*.scheme',
  'deprecations.*.successor',
  'oidc.clientId',
  'oidc.scopes.*',
  'oidc.people.*.email',
  'oidc.people.*.subject',
  'oidc.people.*.group',
  'oidc.people.*.administrator',
]

interface Node {
  readonly type?: string
  readonly properties?: { readonly [name: string]: Node }
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly pattern?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly const?: string
}

/** Those whose texts may be anything. */
function textsOf(node: Node, path: readonly string[] = []): readonly string[] {
  const { type, properties = {}, items, anyOf = [] } = node
  return [
    ...(type === 'string' && [node.pattern, node.format, node.enum, node.const].every(kind => kind === undefined) ? [path.join('.')] : []),
    ...Object.entries(properties).flatMap(([name, one]) => textsOf(one, [...path, name])),
    ...(items === undefined ? [] : textsOf(items, [...path, '*'])),
    ...anyOf.flatMap(one => textsOf(one, path)),
  ]
}

const LEAST = { upstream: 'http://127.0.0.1:8080', origin: 'https://api.example.com' }
const NAME = 'settings/of/gateway.yaml'
const inFolder = (path: string) => resolve('settings/of', path)

describe('the settings that are paths', () => {
  it('are all known: each text of the schema is one, or is named as none', () => {
    expect([...new Set(textsOf(gatewaySchema() as Node))].sort()).toEqual([...PATH_SETTINGS, ...OTHER_TEXTS].sort())
  })

  it('count from the folder of their file, wherever that is read', () => {
    const tls = { ca: 'ca.pem', cert: '../cert.pem', key: '/etc/key.pem' }
    const whole = { ca: inFolder('ca.pem'), cert: inFolder('../cert.pem'), key: '/etc/key.pem' }
    const config = readGatewayConfig(
      JSON.stringify({
        ...LEAST,
        store: 'keys.db',
        masterKeyFile: './master.key',
        schemes: ['mine.json'],
        tls: { cert: 'cert.pem', key: 'key.pem' },
        upstreamTls: tls,
        routes: [
          { path: '/', schemes: ['mine'] },
          { path: '/x', schemes: ['mine'], upstream: 'https://b.internal', upstreamTls: tls },
        ],
        identity: { keyFiles: ['a.pem', 'b.pem'] },
        spoolFolder: 'spool',
        oidc: {
          issuer: 'https://login.example.com',
          clientId: 'id',
          clientSecretFile: 'secret',
          publicOrigin: 'https://keys.example.com',
          people: [{ group: 'g', administrator: 'a' }],
        },
      }),
      NAME,
    )
    expect(config).toMatchObject({
      store: inFolder('keys.db'),
      masterKeyFile: inFolder('master.key'),
      schemes: [inFolder('mine.json')],
      tls: { cert: inFolder('cert.pem'), key: inFolder('key.pem') },
      upstreamTls: whole,
      routes: [{}, { upstreamTls: whole }],
      identity: { keyFiles: [inFolder('a.pem'), inFolder('b.pem')] },
      spoolFolder: inFolder('spool'),
      oidc: { clientSecretFile: inFolder('secret') },
    })
  })

  it('count from where one stands where a flag or the environment gives them', () => {
    const given = { store: 'flag.db', masterKeyFile: 'flag.key', schemes: ['flag.json'] }
    const written = JSON.stringify({ ...LEAST, store: 'a.db', masterKeyFile: 'a.key', schemes: ['a.json'] })
    expect(readGatewayConfig(written, NAME, given)).toMatchObject(given)
  })

  it('put the default store beside the file, for the gateway and for the commands for keys', () => {
    expect(readGatewayConfig(JSON.stringify(LEAST), NAME).store).toBe(inFolder('countersign.db'))
    expect(readStoreConfig('{}', NAME).store).toBe(inFolder('countersign.db'))
  })

  it.each([
    [':memory:', ':memory:'],
    ['', ''],
    ['postgres://u:p%40@h/keys', 'postgres://u:p%40@h/keys'],
    ['postgres://h/keys?sslmode=verify-full', 'postgres://h/keys?sslmode=verify-full'],
    [
      'postgres://h/keys?sslrootcert=my%20ca.pem&sslmode=verify-full&sslkey=/k',
      `postgres://h/keys?sslrootcert=${encodeURIComponent(inFolder('my ca.pem'))}&sslmode=verify-full&sslkey=%2Fk`,
    ],
  ])('leave what is no path as it is, but for the files of a URL of PostgreSQL: %s', (store, read) => {
    expect(readStoreConfig(JSON.stringify({ store }), NAME).store).toBe(read)
  })

  it('are left to the schema where they are no text', () => {
    expect(() => readGatewayConfig(JSON.stringify({ ...LEAST, store: 7, schemes: 'a.json', tls: [] }), NAME)).toThrow(
      /tls: .*\n.*store: .*\n.*schemes: /,
    )
  })
})
