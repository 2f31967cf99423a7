/** The pages of docs/schemes. Pure: the library comes in as an argument, so that a test can use its sources. */

/** Made for these pages; nobody's. The RSA key is `test-key-rsa`'s like: any would do, its signature is shown cut. */
const SECRETS = {
  utf8: 'an-example-secret-0123456789',
  hex: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
  base64: 'ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=',
}
const NOW = Date.parse('2022-03-15T14:59:59.123Z')

/**
 * @param {readonly import('countersign').Scheme[]} schemes
 * @param {Pick<typeof import('countersign'), 'coverageByMethod' | 'createSigner' | 'describeScheme' | 'LOSS_TITLES'>}
 * library
 * @returns {Record<string, string>} file name to text
 */
export function schemePages(schemes, library) {
  const sorted = schemes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const index = [
    '# Schemes',
    '',
    'Made from the declarations themselves (`npm run docs`), and kept true by a test. For a new API we recommend [rfc9421](rfc9421.md): a standard, every part named, nothing that can run into its neighbour, a digest of the body, a nonce, and libraries in every language.',
    '',
    '| scheme | what speaks it |',
    '| --- | --- |',
    ...sorted.map(({ name, title }) => `| [${name}](${name}.md) | ${title} |`),
    '',
    ...coverageOfAll(sorted, library.coverageByMethod),
  ]
  return { 'README.md': index.join('\n'), ...Object.fromEntries(sorted.map(scheme => [`${scheme.name}.md`, page(scheme, library)])) }
}

const PARTS = ['method', 'scheme', 'host', 'path', 'query', 'body']

/** One table for all, so that they can be compared. */
function coverageOfAll(schemes, coverageByMethod) {
  const rowsOf = scheme =>
    coverageByMethod(scheme).map(({ methods, coverage }, _, { length }) => [
      length === 1 ? scheme.name : `${scheme.name}, ${methods}`,
      coverage.parts,
    ])
  const cell = covered => (covered === 'exactly' ? 'yes' : covered === 'not' ? '**no**' : `up to ${covered.join(', ')}`)
  return [
    '## What a signature covers',
    '',
    'Read from the declarations. What is not covered, anybody on the way could change: a verifier takes only what its option `only`, or the default on the scheme’s page, names. `up to`: requests that differ in this have one signature, and a verifier takes one spelling.',
    '',
    `| scheme | ${PARTS.join(' | ')} |`,
    `| --- |${' --- |'.repeat(PARTS.length)}`,
    ...schemes.flatMap(rowsOf).map(([name, parts]) => `| ${name} | ${PARTS.map(part => cell(parts[part])).join(' | ')} |`),
    '',
  ]
}

function page(scheme, library) {
  const { createSigner, describeScheme } = library
  const { message, algorithm, key, timestamp, signature, carried, takes, mistakes } = describeScheme(scheme)
  // Templates are code; a scheme with logic says in words what it signs and carries.
  const shown = scheme.base === undefined ? text => code(JSON.stringify(text).slice(1, -1)) : text => text
  return [
    `# ${scheme.title}`,
    '',
    `\`${scheme.name}\`${scheme.docs === undefined ? '' : `, after <${scheme.docs}>`}`,
    '',
    '| | |',
    '| --- | --- |',
    row('algorithm', algorithm),
    row('key', key),
    row('message', shown(message)),
    row('timestamp', timestamp),
    row('signature', signature),
    ...carried.map(({ in: place, name, holds, required }) =>
      row(`${place} \`${name}\``, `${shown(holds)}${required ? '' : ' (not in every call)'}`),
    ),
    '',
    ...coverage(scheme, library, takes),
    ...example(scheme, createSigner),
    '## Common mistakes',
    '',
    ...mistakes.map(mistake => `- ${mistake}`),
    '',
    ...(scheme.base === undefined ? ['## Declaration', '', '```json', JSON.stringify(scheme.declaration, undefined, 2), '```', ''] : []),
  ].join('\n')
}

/** What a signature covers, for each class of methods where that makes a difference; and which calls are taken. */
function coverage(scheme, { coverageByMethod, LOSS_TITLES }, takes) {
  const all = coverageByMethod(scheme)
  const columns = all.map(one => one.coverage)
  const [{ openEnds }] = columns
  const howCovered = covered => {
    if (covered === 'exactly') return 'exactly'
    return covered === 'not' ? '**not covered**' : `up to ${covered.map(loss => LOSS_TITLES[loss]).join('; ')}`
  }
  const parts = [...new Set(columns.flatMap(one => Object.keys(one.parts)))]
  return [
    '## What a signature covers',
    '',
    `| part of the request | ${all.length === 1 ? 'covered' : all.map(one => one.methods).join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...parts.map(part => `| ${partName(part)} | ${columns.map(one => howCovered(one.parts[part] ?? 'not')).join(' | ')} |`),
    '',
    ...openEnds.flatMap(({ between, seen }) => [
      `Nothing marks the boundary between ${between}: ${
        seen === 'never' ? 'it could be anywhere.' : 'a verifier refuses a call in which it could be elsewhere.'
      }`,
      '',
    ]),
    ...(columns.some(({ parts }) => Object.values(parts).some(Array.isArray))
      ? [
          'Requests that differ only in what stands behind “up to” have one signature. A verifier takes one spelling of them, and others where the scheme’s standard or the option `allow` says so.',
          '',
        ]
      : []),
    ...(columns.every(({ parts }) => parts.host === 'not')
      ? ['The host is not signed, so a call could be sent on to another host that takes the same key: give every host keys of its own.', '']
      : []),
    ...(takes === '' ? [] : [`A verifier takes, unless its option \`only\` says otherwise: ${takes}.`, '']),
  ]
}

function partName(part) {
  const [place, ...name] = part.split('.')
  return name.length === 0 ? part : name.join('.') === '*' ? 'the headers that the client chose' : `${place} \`${name.join('.')}\``
}

/**
 * A call with real values, which the tests verify. Schemes with key pairs alone have none: their keys are long, and
 * everyone's are their own.
 */
function example(scheme, createSigner) {
  if (scheme.keys === 'key-pair') return []
  const { credentials, request, options } = exampleCall(scheme)
  const signed = createSigner(scheme, credentials, options).sign(request)
  return [
    '## A worked example',
    '',
    `With the secret \`${credentials.secret}\`${scheme.keyId === 'carried' ? `, the key id \`${credentials.keyId}\`` : ''}${scheme.hasPassphrase ? `, the passphrase \`${credentials.passphrase}\`` : ''}, at ${new Date(NOW).toISOString()}, what is signed is`,
    '',
    '```',
    new TextDecoder().decode(signed.message()).replace(/[^\n -~]/g, '·'),
    '```',
    '',
    'and what is sent',
    '',
    '```http',
    `${signed.method} ${signed.url}`,
    ...Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`),
    ...(signed.body === undefined ? [] : ['', new TextDecoder().decode(signed.body)]),
    '```',
    '',
  ]
}

/** The call of a scheme's page, one that its verifiers take without options; the tests verify it. */
export function exampleCall(scheme) {
  const carriers = scheme.carriers ?? []
  const isForm = carriers.some(carrier => carrier.in === 'form')
  const method = scheme.only.methods?.[0] ?? 'POST'
  const host = scheme.name.startsWith('aws') ? 'execute-api.eu-west-1.amazonaws.com' : 'api.example.com'
  const parameters = Object.entries(scheme.parameters ?? {}).flatMap(([name, { generate }]) =>
    generate === undefined ? [] : [[name, 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W']],
  )
  const takesNonce = scheme.base === undefined ? scheme.fields.has('nonce') && scheme.alternatives === undefined : scheme.name === 'rfc9421'
  return {
    credentials: {
      ...(scheme.keyId === 'none' ? {} : { keyId: 'key-1' }),
      secret: SECRETS[scheme.secret.encoding],
      ...(scheme.hasPassphrase ? { passphrase: 'a-passphrase' } : {}),
    },
    options: { clock: () => NOW, parameters: Object.fromEntries(parameters) },
    request: {
      method,
      url: `https://${host}/v1/orders${takesQuery(scheme) ? '?limit=10' : ''}`,
      ...(method === 'GET' ? {} : { body: isForm ? 'pair=XBTUSD&volume=1.25' : '{"amount":"1.00"}' }),
      ...(takesNonce ? { nonce: scheme.base === undefined ? '1647356399123' : '5K2t0wXo4WQ1' } : {}),
      ...(scheme.name.startsWith('qredo-v1') ? { timestamp: '1647356399123456789' } : {}),
    },
  }
}

/** A query that is not signed is taken only where the scheme says so. */
function takesQuery({ base, fields, only }) {
  return base !== undefined || only.query === 'any' || ['url', 'target', 'query', 'payload'].some(field => fields.has(field))
}

const row = (name, value) => `| ${name} | ${value.replaceAll('|', '\\|')} |`
const code = text => `\`${text}\``
