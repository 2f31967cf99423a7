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
 * @param {Pick<typeof import('countersign'), 'createSigner' | 'describeScheme'>} library
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
  ]
  return { 'README.md': index.join('\n'), ...Object.fromEntries(sorted.map(scheme => [`${scheme.name}.md`, page(scheme, library)])) }
}

function page(scheme, { createSigner, describeScheme }) {
  const { message, algorithm, key, timestamp, signature, carried, mistakes } = describeScheme(scheme)
  return [
    `# ${scheme.title}`,
    '',
    `\`${scheme.name}\`${scheme.docs === undefined ? '' : `, after <${scheme.docs}>`}`,
    '',
    '| | |',
    '| --- | --- |',
    row('algorithm', algorithm),
    row('key', key),
    row('message', scheme.kind === 'declared' ? code(JSON.stringify(message).slice(1, -1)) : message),
    row('timestamp', timestamp),
    row('signature', signature),
    ...carried.map(({ in: place, name, value }) => row(`${place} \`${name}\``, scheme.kind === 'declared' ? code(value) : value)),
    '',
    ...example(scheme, createSigner),
    '## Common mistakes',
    '',
    ...mistakes.map(mistake => `- ${mistake}`),
    '',
    ...(scheme.kind === 'declared' ? ['## Declaration', '', '```json', JSON.stringify(scheme.declaration, undefined, 2), '```', ''] : []),
  ].join('\n')
}

/** A call with real values, which the tests verify. Schemes with key pairs alone have none: their keys are long, and everyone's are their own. */
function example(scheme, createSigner) {
  if (scheme.keys === 'key-pair') return []
  const { credentials, request, options } = exampleCall(scheme)
  const signed = createSigner(scheme, credentials, options).sign(request)
  return [
    '## A worked example',
    '',
    `With the secret \`${credentials.secret}\`${scheme.carriesKeyId ? `, the key id \`${credentials.keyId}\`` : ''}${scheme.hasPassphrase ? `, the passphrase \`${credentials.passphrase}\`` : ''}, at ${new Date(NOW).toISOString()}, what is signed is`,
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

/** The call of a scheme's page; the tests verify it. */
export function exampleCall(scheme) {
  const declared = scheme.kind === 'declared'
  const form = declared && scheme.carriers.some(carrier => carrier.in === 'form')
  const inQuery = declared && scheme.carriers.some(carrier => carrier.in === 'query')
  const host = scheme.name.startsWith('aws') ? 'execute-api.eu-west-1.amazonaws.com' : 'api.example.com'
  const parameters = declared
    ? Object.fromEntries(
        Object.entries(scheme.parameters).flatMap(([name, { generate }]) =>
          generate === undefined ? [] : [[name, 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W']],
        ),
      )
    : {}
  const takesNonce = declared ? scheme.fields.has('nonce') && scheme.alternatives === undefined : scheme.name === 'rfc9421'
  return {
    credentials: { keyId: 'key-1', secret: SECRETS[scheme.secret.encoding], passphrase: 'a-passphrase' },
    options: { clock: () => NOW, parameters },
    request: {
      method: inQuery ? 'GET' : 'POST',
      url: `https://${host}/v1/orders?limit=10`,
      ...(inQuery ? {} : { body: form ? 'pair=XBTUSD&volume=1.25' : '{"amount":"1.00"}' }),
      ...(takesNonce ? { nonce: declared ? '1647356399123' : '5K2t0wXo4WQ1' } : {}),
      ...(scheme.name.startsWith('qredo-v1') ? { timestamp: '1647356399123456789' } : {}),
    },
  }
}

const row = (name, value) => `| ${name} | ${value.replaceAll('|', '\\|')} |`
const code = text => `\`${text}\``
