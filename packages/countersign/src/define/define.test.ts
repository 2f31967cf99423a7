import { describe, expect, it } from 'vitest'
import { memoryReplayGuard } from '../replay/replay.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import { isDeclared } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { createVerifier } from '../verify/verify.ts'
import { defineScheme } from './define.ts'

const good: SchemeDeclaration = {
  name: 'mine',
  title: 'Mine',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}\n{method}\n{url}\n{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-sig': '{signature}' },
}

/** Changes one member of the good declaration, to anything at all, as JSON could hold it. */
function withMembers(members: Record<string, unknown>): SchemeDeclaration {
  return JSON.parse(JSON.stringify({ ...good, ...members })) as SchemeDeclaration
}

describe('defineScheme', () => {
  it('takes every shipped declaration, which the library itself reads unchecked', () => {
    const declared = SCHEMES.filter(isDeclared)
    expect(declared).not.toEqual([])
    // Of their features, those of `openEnds` are written shorter where that comes to the same: sign/open-ends.test.ts.
    for (const scheme of declared) expect(defineScheme(scheme.declaration)).toEqual({ ...scheme, features: expect.anything() })
  })

  it.each([
    { 'x-auth': { separator: ';', items: ['k={keyId}', 't={timestamp}', 'n={nonce}', 's={signature}'] } },
    { 'x-time': '{timestamp}', 'x-auth': 'k={keyId};n={nonce};s={signature}' },
    { 'x-time': '{timestamp}', 'x-nonce': 'n {nonce}', 'x-sig': '{signature}' },
  ])('refuses a timestamp or nonce that stands beside others, since a call leaves one out: %j', headers => {
    const declaration = { name: 'd', title: 'D', algorithm: 'hmac-sha256', signature: { encoding: 'hex' } } as const
    expect(() =>
      defineScheme({
        ...declaration,
        timestamp: { formats: ['seconds'] },
        message: '{timestamp or nonce}\n{target}',
        headers,
      } as SchemeDeclaration),
    ).toThrow(/each stands alone in a header of its own/)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a name in upper case', { name: 'Mine' }, /name: "Mine" is not lower case/],
    ['an unknown member', { mesage: 'x' }, /Unknown member mesage; did you mean message\?/],
    ['a missing member', { message: undefined }, /message is missing/],
    ['a member of the wrong type', { headers: 'x' }, /headers: it is an object; got x/],
    ['an unknown algorithm', { algorithm: 'hmac-sha265' }, /algorithm: Unknown algorithm hmac-sha265; did you mean hmac-sha256\?/],
    ['an unknown encoding', { signature: { encoding: 'base46' } }, /signature.encoding: Unknown encoding base46; did you mean base64\?/],
    ['an unknown secret encoding', { secret: { encoding: 'base32' } }, /secret.encoding: Unknown encoding base32/],
    ['a secret beside a key pair', { algorithm: 'ed25519', secret: { encoding: 'hex' } }, /has a key pair and no secret/],
    ['an unknown part', { message: '{timestmp}' }, /\{timestmp\}: Unknown part timestmp; did you mean timestamp\?/],
    ['an unknown filter', { message: '{timestamp}{body|md5}' }, /Unknown filter md5/],
    ['an unknown hash encoding', { message: '{timestamp}{body|sha256|hexx}' }, /Unknown encoding hexx; did you mean hex\?/],
    ['too many filters', { message: '{timestamp}{body|sha256|hex|lower}' }, /more than two filters/],
    ['a filter behind a change', { message: '{timestamp}{method|lower|hex}' }, /nothing may follow lower/],
    ['three alternatives', { message: '{timestamp or nonce or keyId}' }, /more than two alternatives/],
    ['an open brace', { message: 'a{timestamp' }, /the brace at character 2 is never closed; write \{\{/],
    ['a closing brace', { message: '{timestamp}}' }, /closes nothing; write \}\}/],
    ['no message', { message: '' }, /nothing is signed/],
    ['a signed signature', { message: '{timestamp}{signature}' }, /can't sign itself/],
    [
      'no signature carried',
      { headers: { 'x-time': '{timestamp}' } },
      /\{signature\} has to stand in exactly one header or query parameter; it stands in 0/,
    ],
    ['a timestamp that is not carried', { headers: { 'x-sig': '{signature}' } }, /the message holds \{timestamp\}, so a header/],
    ['a timestamp that is not signed', { message: '{url}' }, /\{timestamp\} is carried but not signed, so anyone could change it/],
    ['a nonce that is not signed', { headers: { ...good.headers, 'x-nonce': '{nonce}' } }, /\{nonce\} is carried but not signed/],
    ['a timestamp without a format', { timestamp: undefined }, /say how it is written: formats: \['seconds'\]/],
    ['an unknown timestamp format', { timestamp: { formats: ['second'] } }, /Unknown timestamp format second; did you mean seconds\?/],
    ['an unknown meaning', { timestamp: { formats: ['seconds'], meaning: 'until' } }, /Unknown meaning until/],
    [
      'a timestamp that is declared for nothing',
      { message: '{url}', headers: { 'x-sig': '{signature}' } },
      /neither the message nor a header/,
    ],
    ['a header in upper case', { headers: { 'X-Sig': '{signature}' } }, /headers.X-Sig: write header names in lower case/],
    ['a list without a separator', { headers: { 'x-sig': { items: ['{signature}'] } } }, /it is a template, or \{ separator, items/],
    ['values that run into each other', { headers: { 'x-sig': '{timestamp}{signature}' } }, /can't be told apart/],
    ['a carried URL', { headers: { ...good.headers, 'x-url': '{url}' } }, /\{url\} is nothing to carry: the server knows it already/],
    ['a carried body', { headers: { ...good.headers, 'x-body': '{body}' } }, /\{body\} is nothing to carry/],
    [
      'a digest that is not signed',
      { headers: { ...good.headers, digest: '{body|sha256|base64}' } },
      /the sha256 of \{body\} is carried but not signed/,
    ],
    [
      'a signature that is not the last of the query',
      { headers: {}, query: { sig: '{signature}', t: '{timestamp}' } },
      /has to be the last parameter/,
    ],
    ['a body that carries more than a nonce', { form: { key: '{keyId}' } }, /a body carries "\{nonce\}" or "\{timestamp\}"/],
    [
      'a parameter with a taken name',
      { parameters: { method: { default: '1', characters: 'digits' } } },
      /\{method\} is a part of every call already/,
    ],
    ['a parameter without a value', { parameters: { window: { characters: 'digits' } } }, /give default, a value, or generate/],
    [
      'a parameter whose default does not fit',
      { parameters: { window: { default: 'x', characters: 'digits' } } },
      /x is not of the characters digits/,
    ],
    ['a parameter of unknown characters', { parameters: { window: { default: '1', characters: 'digit' } } }, /did you mean digits/],
    ['an unknown nonce format', { nonce: { formats: ['ulid'] } }, /Unknown nonce format ulid/],
    ['a hash of an unknown kind', { message: [{ hash: 'md5', encoding: 'hex', of: '{body}' }] }, /message.hash: Unknown hash md5/],
    ['a hash in a hash', { message: ['{timestamp}', { hash: 'sha256', encoding: 'hex', of: '{body|sha256}' }] }, /a hash inside a hash/],
    ['a member that a secret does not have', { secret: { encodin: 'hex' } }, /Unknown member encodin; did you mean encoding\?/],
    [
      'a member that a timestamp does not have',
      { timestamp: { formats: ['seconds'], meening: 'expires' } },
      /Unknown member meening; did you mean meaning\?/,
    ],
    ['a member that a nonce does not have', { nonce: { format: ['uuid'] } }, /Unknown member format; did you mean formats\?/],
    ['a member that a signature does not have', { signature: { encoding: 'hex', prefix: 'v1=' } }, /Unknown member prefix/],
    [
      'a member that a header does not have',
      { headers: { ...good.headers, 'x-sig': { separator: ',', item: ['{signature}'], items: ['{signature}'] } } },
      /headers.x-sig: Unknown member item; did you mean items\?/,
    ],
    [
      'a member that a parameter does not have',
      { parameters: { window: { characters: 'digits', defalt: '1', default: '1' } } },
      /parameters.window: Unknown member defalt; did you mean default\?/,
    ],
    [
      'a member that a hash does not have',
      { message: ['{timestamp}', { hash: 'sha256', encoding: 'hex', off: '{body}', of: '{body}' }] },
      /message: Unknown member off; did you mean of\?/,
    ],
    ['a member that only does not have', { only: { method: ['GET'] } }, /only: Unknown member method; did you mean methods\?/],
    ['a secret that is no object', { secret: 'hex' }, /secret: it is an object; got hex/],
    ['a parameter that is no object', { parameters: { window: null } }, /parameters.window: it is an object; got null/],
    ['a header that is no template', { headers: { ...good.headers, 'x-key': null } }, /headers.x-key: it is a template, or/],
    ['formats that are no list', { timestamp: { formats: 'seconds' } }, /timestamp, formats: it is a list; got seconds/],
    [
      'a parameter that is signed but not carried',
      { message: '{timestamp}{window}', parameters: { window: { characters: 'digits', default: '5000' } } },
      /parameters.window: \{window\} is signed but not carried/,
    ],
    [
      'a visible parameter that may hold what ends it',
      {
        message: '{timestamp}{id}',
        parameters: { id: { characters: 'visible', generate: 'uuid' } },
        headers: { ...good.headers, 'x-id': { separator: ', ', items: ['a={id}', 'b=1'] } },
      },
      /headers.x-id: \{id\} may hold ,, which stands behind it/,
    ],
    [
      'a default that holds what it may not',
      { parameters: { id: { characters: 'visible', without: '.', default: 'a.b' } } },
      /a.b is not of the characters visible without \./,
    ],
    ...['random', 'hex', 'uuid', 'any'].map((generate): [string, Record<string, unknown>, RegExp] => [
      `a parameter of digits that is a nonce: ${generate}`,
      { parameters: { id: { characters: 'digits', generate } } },
      /parameters.id.generate: what \w+ makes holds characters/,
    ]),
    [
      'a nonce with a character that is left out',
      { parameters: { id: { characters: 'visible', without: '-', generate: 'uuid' } } },
      /what uuid makes/,
    ],
    ['a space among excluded characters', { parameters: { id: { characters: 'visible', without: ' ', default: 'a' } } }, /id.without/],
    [
      'a method in lower case',
      { only: { methods: ['get'] } },
      /only.methods: a method is up to 20 letters in upper case, such as POST; got get/,
    ],
    ['no method at all', { only: { methods: [] } }, /no call would be taken/],
    ['a path that is none', { only: { paths: ['hook'] } }, /only.paths: a path begins with \/ and may end in \/\*/],
    ['a path with a star within', { only: { paths: ['/a*'] } }, /only.paths: a path begins with/],
    ['an unknown rule for the query', { only: { query: 'nome' } }, /only.query: Unknown rule nome; did you mean none\?/],
    ...['{timestamp or nonce|lower}', '{timestamp or nonce|sha256|hex}', '{timestamp or nonce}\n{timestamp or nonce}'].map(
      (template): [string, Record<string, unknown>, RegExp] => [
        `alternatives that are not by themselves: ${template}`,
        { message: `${template}\n{url}`, headers: { ...good.headers, 'x-nonce': '{nonce}' } },
        /\{timestamp or nonce\} stands in the message once, without filters or a hash/,
      ],
    ),
    [
      'alternatives in a hash',
      {
        message: ['{url}', { hash: 'sha256', encoding: 'hex', of: ['{timestamp or nonce}', '{body}'] }],
        headers: { ...good.headers, 'x-nonce': '{nonce}' },
      },
      /\{timestamp or nonce\} stands in the message once/,
    ],
    ...['{header.x-id or nonce}', '{header.x-a or header.x-b}', '{nonce or nonce}'].map(
      (template): [string, Record<string, unknown>, RegExp] => [
        `other alternatives: ${template}`,
        { message: `{timestamp}\n${template}\n{url}`, headers: { ...good.headers, 'x-nonce': '{nonce}' } },
        /the alternatives of a call are \{timestamp or nonce\}/,
      ],
    ),
    ...['nonce', 'role', 'timestamp'].flatMap(name =>
      ['lower', 'upper'].map((change): [string, Record<string, unknown>, RegExp] => [
        `{${name}|${change}}, under which several values are one`,
        {
          message: `${name === 'timestamp' ? '' : '{timestamp}\n'}{${name}|${change}}\n{url}`,
          parameters: name === 'role' ? { role: { characters: 'token', default: 'a' } } : {},
          headers: { ...good.headers, ...(name === 'timestamp' ? {} : { 'x-more': `{${name}}` }) },
        },
        /is signed in one letter case only/,
      ]),
    ),
    [
      'a nonce in a query that is signed in one letter case',
      { message: '{method}\n{query|lower}', query: { nonce: '{nonce}' }, headers: { 'x-sig': '{signature}' }, timestamp: undefined },
      /\{nonce\} is carried but not signed/,
    ],
    ...['target', 'path', 'body', 'payload', 'url', 'header.x-a'].map((part): [string, Record<string, unknown>, RegExp] => [
      `{${part}|sorted}`,
      { message: `{timestamp}\n{${part}|sorted}` },
      /sorted is for the parameters of \{query\}/,
    ]),
    [
      'a parameter that is carried and not signed',
      { parameters: { role: { characters: 'token', default: 'a' } }, headers: { ...good.headers, 'x-role': '{role}' } },
      /\{role\} is carried but not signed/,
    ],
    ...['constructor', 'toString', 'valueOf', 'hasOwnProperty'].map((name): [string, Record<string, unknown>, RegExp] => [
      `a parameter named ${name}`,
      { parameters: { [name]: { characters: 'token', default: 'a' } } },
      /is a word of JavaScript/,
    ]),
    ...['a&b', 'a b', 'a#', 'a=b', '', 'a%41', 'é', 'a+b'].map((name): [string, Record<string, unknown>, RegExp] => [
      `a query parameter named ${JSON.stringify(name)}`,
      { query: { [name]: '{timestamp}' }, headers: { 'x-sig': '{signature}' } },
      /a parameter has a name of letters, digits/,
    ]),
    [
      'a list whose separator stands in an item',
      { headers: { 'x-sig': { separator: ',', items: ['t={timestamp}', 'v=1,{signature}'] } } },
      /holds the separator of the list/,
    ],
    ['an unknown rule for the body', { only: { body: 'requird' } }, /only.body: Unknown rule requird; did you mean required\?/],
  ])('refuses %s, and says where and what may stand there', (_what, members, message) => {
    expect(() => defineScheme(withMembers(members))).toThrow(expect.objectContaining({ code: 'scheme-invalid' }))
    expect(() => defineScheme(withMembers(members))).toThrow(message)
  })

  it('takes a rule for what is not signed, headers that are signed, and visible parameters', () => {
    const scheme = defineScheme({
      ...good,
      message: '{id}.{timestamp}.{header.content-type}.{body}',
      parameters: { id: { characters: 'visible', without: '.,', generate: 'uuid' } },
      headers: { ...good.headers, 'x-id': '{id}' },
      only: { methods: ['POST'], paths: ['/hooks', '/hooks/*'], query: 'none', body: 'required' },
    })
    expect(scheme.only).toEqual({ methods: ['POST'], paths: ['/hooks', '/hooks/*'], query: 'none', body: 'required' })
  })

  it('refuses a header named __proto__, which JSON can hold', () => {
    const headers = JSON.parse('{"__proto__":"{signature}","x-time":"{timestamp}"}') as Record<string, string>
    expect(() => defineScheme({ ...good, headers })).toThrow(/scheme mine/)
  })

  it('reads a header of three hashes in no time, whatever stands there', async () => {
    const scheme = defineScheme({
      ...good,
      message: '{timestamp}\n{body|sha256|hex}{target|sha256|hex}{method|sha256|hex}',
      headers: { 'x-time': '{timestamp}', 'x-h': '{body|sha256|hex}a{target|sha256|hex}a{method|sha256|hex}a{signature}' },
    })
    const verifier = createVerifier(scheme, {
      origin: 'https://a.example',
      keyId: 'k',
      keys: { find: () => undefined },
      replay: memoryReplayGuard(),
    })
    const headers = ['x-time', '1700000000', 'x-h', 'a'.repeat(4000)]
    expect(await verifier.verify({ method: 'GET', target: '/', headers })).toMatchObject({
      ok: false,
      failure: { code: 'malformed-signature' },
    })
  })

  it('refuses what is no object at all', () => {
    for (const value of [null, 'x', 1, []]) expect(() => defineScheme(value as never)).toThrow(/a declaration is an object/)
  })
})
