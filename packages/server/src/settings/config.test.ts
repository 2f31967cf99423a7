import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { gatewaySchema } from './config.ts'
import { readGatewayConfig } from './read-config.ts'

const LEAST = 'upstream: http://127.0.0.1:8080\norigin: https://api.example.com\n'

describe('a gateway’s settings', () => {
  it('are described by the file that is shipped (npm run schema writes it)', () => {
    expect(JSON.parse(readFileSync(new URL('../../gateway.schema.json', import.meta.url), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(gatewaySchema())),
    )
    const validate = new Ajv2020({ strict: false, formats: { uri: true } }).compile(gatewaySchema())
    expect(validate({ upstream: 'http://127.0.0.1:8080', origin: 'https://api.example.com' })).toBe(true)
    expect(validate({ upstream: 'http://127.0.0.1:8080', origin: 'https://api.example.com', prot: 1 })).toBe(false)
  })

  it('are the defaults where nothing is said, in YAML as in JSON', () => {
    const expected = { port: 4590, store: resolve('countersign.db'), routes: [{ path: '/', schemes: ['qredo-v1'] }], keepSignature: false }
    expect(readGatewayConfig(LEAST, 'g.yaml')).toMatchObject(expected)
    expect(
      readGatewayConfig('{"upstream": "http://127.0.0.1:8080", "origin": ["https://a.example", "https://b.example"]}', 'g.json'),
    ).toMatchObject(expected)
    expect(readGatewayConfig(LEAST, 'g.yaml', { port: 1, host: undefined })).toMatchObject({ port: 1, host: '127.0.0.1' })
  })

  it('say which calls a route takes, for what its schemes do not sign', () => {
    const only = { methods: ['POST'], paths: ['/hooks', '/in/*'], query: 'none', body: 'required' }
    const config = readGatewayConfig(`${LEAST}routes: ${JSON.stringify([{ path: '/', schemes: ['github'], only }])}\n`, 'g.yaml')
    expect(config.routes[0]?.only).toEqual(only)
    expect(readGatewayConfig(`${LEAST}allow: [parameter-order]\n`, 'g.yaml').allow).toEqual(['parameter-order'])
  })

  it('say once that a setting is misspelled without which there is no gateway', () => {
    const read = (): unknown => readGatewayConfig('upstream: http://127.0.0.1:8080\norigni: https://api.example.com\n', 'g.yaml')
    expect(read).toThrow(expect.objectContaining({ message: 'g.yaml:2: origni: there is no such setting; did you mean origin?' }))
  })

  it('say of a flag of the command that it is one, and of a misspelled setting what was meant', () => {
    const flags = new Map([
      ['workers', '--workers of the command'],
      ['port', '--port of the command'],
    ])
    const read = (more: string) => () => readGatewayConfig(`${LEAST}${more}\n`, 'g.yaml', {}, flags)
    expect(read('workers: 2')).toThrow("g.yaml:3: workers: this isn't a setting but the flag --workers of the command.")
    expect(read('prt: 1')).toThrow('did you mean port?')
    expect(read('timeouts: { workers: 2 }')).toThrow('timeouts.workers: there is no such setting')
    expect(read('port: 1')).not.toThrow()
  })

  it.each([
    ['routes:\n  - path: /\n    schemes: [github]\n    only:\n      method: [POST]', 'g.yaml:7: routes.0.only'],
    ['routes:\n  - path: /\n    schemes: [github]\n    only:\n      paths: hooks', 'g.yaml:7: routes.0.only.paths'],
    [
      'routes:\n  - path: /\n    schemes: [github]\n    only:\n      body: any\n      method: [POST]',
      'g.yaml:8: routes.0.only.method: there is no such setting; did you mean methods?',
    ],
    [
      'prt: 1\nhosts: x',
      'g.yaml:3: prt: there is no such setting; did you mean port?\ng.yaml:4: hosts: there is no such setting; did you mean host?',
    ],
    ['colour: red', 'g.yaml:3: colour: there is no such setting; docs/gateway.md'],
    ['upstreamTLS: {}', 'did you mean upstreamTls?'],
    ['timeouts:\n  connectTimeotMs: 1', 'g.yaml:4: timeouts.connectTimeotMs: there is no such setting; did you mean connectTimeoutMs?'],
    ['port: 70000', 'g.yaml:3: port'],
    ['host: a\nupstreamTls: { ca: *hush }', 'g.yaml:4: A value begins with *'],
    ['timeouts:\n  <<: *hush', 'g.yaml:4: A value begins with *'],
    ['store: postgres://u:hush@h:port/keys', 'g.yaml:3: store: It has a URL that can’t be read: postgres://user:password@'],
    ['store: mysql://u:hush@h/keys', 'g.yaml:3: store: mysql://… is no key store'],
    ['redis: http://127.0.0.1', 'g.yaml:3: redis: The option redis is a URL'],
    ['redis: redis-sentinel://127.0.0.1', 'g.yaml:3: redis: A URL of sentinels is redis-sentinel://host:26379'],
    ['redis: [redis-sentinel://127.0.0.1#main]', 'g.yaml:3: redis: The option redis is a URL'],
    ['redis: [redis://127.0.0.1]\nwaitForReplicas: 1', 'g.yaml:4: waitForReplicas: It is for a redis that is one URL'],
    ['waitForReplicas: 1', 'g.yaml:3: waitForReplicas: It is for a redis that is one URL'],
    ['maxReplayBytes: 1', 'g.yaml:3: maxReplayBytes: 24 at least is wanted.'],
    ['routes:\n  - path: orders\n    schemes: [qredo-v1]', 'g.yaml:4: routes.0.path'],
    ['routes:\n  - path: /\n    schemes: []', 'g.yaml:5: routes.0.schemes'],
    ['timeouts:\n  headersTimeoutMs: soon', 'g.yaml:4: timeouts.headersTimeoutMs'],
    ['prot: 1', 'did you mean port?'],
    ['routes:\n  - path: /\n    schemes: [github]\n    rtae: {}', 'g.yaml:6: routes.0.rtae: there is no such setting; did you mean rate?'],
    [
      'routes:\n  - path: /\n    schemes: [github]\n    rate: { qouta: 5, windowS: 1 }',
      'routes.0.rate.qouta: there is no such setting; did you mean quota?',
    ],
    ['tls: { cret: a, key: b }', 'g.yaml:3: tls.cret: there is no such setting; did you mean cert?'],
    ['permissions:\n  - nmae: a', 'g.yaml:4: permissions.0.nmae: there is no such setting; did you mean name?'],
    [
      'routes:\n  - path: /\n    schemes: [github]\n    rate: { quota: hush, windowS: 1 }',
      'routes.0.rate.quota: a number is wanted, not a text.',
    ],
    ['port: "80"', 'g.yaml:3: port: a number is wanted, not a text: write it without quotes.'],
    ['port: 1.5', 'g.yaml:3: port: a whole number is wanted, not a fraction.'],
    ['keepSignature: yes', 'g.yaml:3: keepSignature: true or false is wanted, not a text.'],
    ['timeouts: 5', 'g.yaml:3: timeouts: an object of settings is wanted, not a number.'],
    ['host: null', 'g.yaml:3: host: a text is wanted, not nothing.'],
    ['routes:\n  - path: /\n    schemes: github', 'g.yaml:5: routes.0.schemes: a list is wanted, not a text.'],
    ['routes:\n  - schemes: [github]', 'routes.0.path: it is missing: a text is wanted.'],
    ['redis: 5', 'g.yaml:3: redis: a text or a list is wanted, not a number.'],
    [
      'oidc: { issuer: https://a.b, clientId: c, publicOrigin: https://b.c, people: [{ emial: hush }] }',
      'oidc.people.0: it has none of the forms',
    ],
    ['identity: { keyFiles: [] }', "identity.keyFiles: a list is wanted that isn't empty."],
    ['host: hush: b', 'g.yaml:3: A value has ": " in it, or the line is indented too far: put the value in quotes'],
    ['host: a\nhost: b', 'g.yaml:4: This setting is there already'],
    ['\thost: a', 'g.yaml:3: The line is indented with a tab: use spaces.'],
    ['host: @hush', 'g.yaml:3: A value begins with @ or `: put it in quotes.'],
    ['host: "hush', 'A quote or a bracket that was opened is not closed.'],
    ['a: [', 'g.yaml:'],
  ])('name the line of what is wrong: %j', (more, said) => {
    const read = (): unknown => readGatewayConfig(`${LEAST}${more}\n`, 'g.yaml')
    expect(read).toThrow(said)
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hush') as string }))
  })

  it('take the stores that a driver would', () => {
    for (const store of ['postgres://u@/keys', 'postgres://u:p%40@[::1]:5432/keys?sslmode=require', 'postgres:///keys'])
      expect(readGatewayConfig(LEAST, 'g.yaml', { store }).store).toBe(store)
  })
})
