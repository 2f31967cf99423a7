import { NOW } from './schemes.js'

/**
 * What a stranger may send. `make(signed, bytes, turn)` spoils a signed request, which it may change, until it is about
 * that long; `turn` is another number each time, for what a cache would make cheap. An input is for every scheme, or
 * for those that `of` names.
 *
 * To add one, add it here.
 */
export const INPUTS = [...inTarget(), ...inBody(), ...inHeaderLines(), ...inCarriers(), ...inSignatureInput(), ...inDraft(), ...inSigV4()]

const SIGNATURE_HMAC = `${'A'.repeat(43)}=`

/** A text of so many bytes, of pieces that are made one after the other. */
function fill(bytes, piece, between = '') {
  const pieces = []
  for (let length = 0, index = 0; ; index++) {
    const next = typeof piece === 'string' ? piece : piece(index)
    length += next.length + between.length
    if (length > bytes) return pieces.join(between)
    pieces.push(next)
  }
}

const number = index => index.toString(36).padStart(3, '0')

function inTarget() {
  const queries = {
    'a&a&a&…': ['a', '&'],
    'distinct parameters': [index => `${number(index)}=1`, '&'],
    'distinct parameters, escaped': [index => `%41${number(index)}=%20`, '&'],
    'needless escapes': ['%41', ''],
    'escapes of UTF-8': ['%E2%82%AC', ''],
    'half escapes of UTF-8': ['%E2%82', ''],
    'broken escapes': ['%FF', '&'],
    'short, of (': ['(', '&'],
    'short, of * and =': ['*=*', '&'],
    "short, of ' and =": ["'='", '&'],
    'short, of +': ['+=+', '&'],
    'short, of half escapes': ['%E2', '&'],
    'broken escapes of own names': [index => `X-Amz-%FF${number(index)}`, '&'],
    pluses: ['+', ''],
    'equals signs': ['=', ''],
    ampersands: ['&', ''],
    'question marks': ['?', ''],
    apostrophes: ["'", ''],
    letters: ['a', ''],
    'sorted backwards': [index => `${number(46_655 - index)}=1`, '&'],
    'equal names, other values': [index => `a=${number(46_655 - index)}`, '&'],
    'names of the scheme, escaped': [index => `X%2DAmz-${number(index)}=1`, '&'],
    'X-Amz- parameters': [index => `X-Amz-${number(index)}=1`, '&'],
  }
  const paths = {
    letters: ['a', ''],
    'dot segments': ['/a/..', ''],
    'single dots': ['/.', ''],
    slashes: ['/', ''],
    'escaped slashes': ['%2f', ''],
    'short segments': ['/a', ''],
    'escapes of UTF-8': ['/%E2%82%AC', ''],
    semicolons: ['/;', ''],
  }
  return [
    ...Object.entries(queries).map(([name, [piece, between]]) => ({
      name: `query: ${name}`,
      make(signed, bytes) {
        const [path, query] = signed.target.split('?')
        const text = fill(bytes - signed.target.length, piece, between)
        return { ...signed, target: `${path}?${text}${query === undefined ? '' : `&${query}`}` }
      },
    })),
    ...Object.entries(paths).map(([name, [piece, between]]) => ({
      name: `path: ${name}`,
      make(signed, bytes) {
        const [, query] = signed.target.split('?')
        return { ...signed, target: `/${fill(bytes - signed.target.length, piece, between)}${query === undefined ? '' : `?${query}`}` }
      },
    })),
  ]
}

function inBody() {
  const bodies = {
    'form, distinct': [index => `${number(index)}=1`, '&'],
    'form, a=&a=&…': ['a=', '&'],
    'form, escapes': [index => `%41${number(index)}=%20`, '&'],
    'form, nonces': ['nonce=1', '&'],
    'JSON, nested': ['[', ''],
    'JSON, members': [index => `"${number(index)}":1`, ','],
    'JSON, equal keys': ['"a":1', ','],
    'not UTF-8': ['\xff', ''],
    'half characters': ['\xe2\x82', ''],
    letters: ['a', ''],
  }
  return Object.entries(bodies).map(([name, [piece, between]]) => ({
    name: `body: ${name}`,
    make(signed, bytes) {
      const text = fill(bytes, piece, between)
      const body = Buffer.from(name.startsWith('JSON, m') || name.startsWith('JSON, e') ? `{${text}}` : text, 'latin1')
      return signed.body === undefined ? undefined : { ...signed, body }
    },
  }))
}

function inHeaderLines() {
  const lines = {
    many: index => [`x-${number(index)}`, '1'],
    'one name': () => ['cookie', 'a=1'],
    'x-amz- names': index => [`x-amz-${number(index)}`, '1'],
    'names in capitals': index => [`X-A${number(index).toUpperCase()}`, '1'],
    hosts: () => ['host', 'api.example.com'],
    folded: () => ['x-folded', 'a\r\n b'],
    'lengths of the scheme': index => [`x-${number(index)}`.padEnd(9, 'x'), '1'],
  }
  return [
    ...Object.entries(lines).map(([name, line]) => ({
      name: `header lines: ${name}`,
      make(signed, bytes) {
        const more = []
        for (let length = 0, index = 0; length < bytes; index++) {
          const [header, value] = line(index)
          more.push([header, value])
          length += header.length + value.length + 4
        }
        return { ...signed, headers: [...signed.headers, ...more] }
      },
    })),
    {
      name: 'a header folded into many lines',
      make: (signed, bytes) => ({ ...signed, headers: [...signed.headers, ['x-folded', fill(bytes, 'a\r\n ')]] }),
    },
  ]
}

/** Each header that comes with a call in turn: longer, and filled with what its reader may look for. */
function inCarriers() {
  const fillings = {
    letters: 'a',
    digits: '1',
    'equals signs': '=',
    commas: ',',
    spaces: ' ',
    tabs: '\t',
    semicolons: ';',
    colons: ':',
    dots: '.',
    slashes: '/',
    dashes: '-',
    escapes: '%41',
    'escapes of UTF-8': '%E2%82%AC',
    quotes: '"',
    backslashes: '\\"',
    parentheses: '(',
    'letters and spaces': 'a ',
    'letters and commas': 'a,',
    'letters and colons': 'a:',
    'letters and dots': 'a.',
    'letters and slashes': 'a/',
    'pairs and commas': 'a=1,',
    'pairs and semicolons': 'a=1;',
    'base64 and padding': 'AAA=',
  }
  const places = {
    'in the place of the value': (_value, filling) => filling,
    'behind the value': (value, filling) => `${value}${filling}`,
    'before the value': (value, filling) => `${filling}${value}`,
    'within the value': (value, filling) => `${value.slice(0, value.length / 2)}${filling}${value.slice(value.length / 2)}`,
  }
  return Object.entries(fillings)
    .flatMap(([name, piece]) =>
      Object.entries(places).map(([place, put]) => ({
        name: `header: ${name} ${place}`,
        /** One request for each of its headers. */
        makeEach: (signed, bytes) =>
          signed.headers.map(([header, value]) => [
            header,
            {
              ...signed,
              headers: signed.headers.map(line => (line[0] === header ? [header, put(String(value), fill(bytes, piece))] : line)),
            },
          ]),
      })),
    )
    .concat({
      name: 'header: the value again and again',
      makeEach: (signed, bytes) =>
        [', ', ',', ' ', ';', '&'].flatMap(between =>
          signed.headers.map(([header, value]) => [
            `${header}, ${JSON.stringify(between)}`,
            { ...signed, headers: signed.headers.map(line => (line[0] === header ? [header, fill(bytes, String(value), between)] : line)) },
          ]),
        ),
    })
}

function withHeaders(signed, headers) {
  const names = Object.keys(headers)
  return { ...signed, headers: [...signed.headers.filter(([name]) => !names.includes(name)), ...Object.entries(headers)] }
}

/** RFC 9421: what is covered is the client's to choose. */
function inSignatureInput() {
  const created = NOW / 1000
  const of = ['rfc9421', 'rfc9421-without-digest']
  const inputOf = (covered, parameters = '') =>
    `("@method" "@target-uri" "content-digest" ${covered});created=${created};keyid="k";nonce="n"${parameters}`
  const signWith = (signed, input, more = {}) =>
    withHeaders(signed, { 'signature-input': `s=${input}`, signature: `s=:${SIGNATURE_HMAC}:`, ...more })
  const list = (count, piece) => Array.from({ length: count }, (_, index) => piece(index)).join(' ')
  const query = (bytes, piece = index => `${number(index)}=1`) => `/v1?${fill(bytes, piece, '&')}`
  const inputs = {
    '440 components': (signed, bytes, turn) =>
      signWith(signed, inputOf(list(Math.round(bytes / 37), index => `"@query-param";name="${number(index + turn)}"`))),
    '61 parameters of a long query': (signed, bytes) => ({
      ...signWith(signed, inputOf(list(61, index => `"@query-param";name="${number(index)}"`))),
      target: query(bytes),
    }),
    '61 parameters, a new list each time': (signed, bytes, turn) => ({
      ...signWith(signed, inputOf(list(61, index => `"@query-param";name="${number(index + turn)}"`))),
      target: query(bytes, index => `${number(index + turn)}=1`),
    }),
    '61 parameters, escaped': (signed, bytes, turn) => ({
      ...signWith(signed, inputOf(list(61, index => `"@query-param";name="a%20${number(index + turn)}"`))),
      target: query(bytes, index => `a+${number(index + turn)}=%41+`),
    }),
    '61 members of a dictionary': (signed, bytes) =>
      signWith(signed, inputOf(list(61, index => `"x-a";key="a${number(index)}"`)), {
        'x-a': fill(bytes, index => `a${number(index)}=1`, ', '),
      }),
    '61 members, a new list each time': (signed, bytes, turn) =>
      signWith(signed, inputOf(list(61, index => `"x-a";key="a${number(index + turn)}"`)), {
        'x-a': fill(bytes, index => `a${number(index + turn)}=1`, ', '),
      }),
    'a long member with other flags': (signed, bytes) =>
      signWith(signed, inputOf(list(61, index => `"x-a${index % 2 === 0 ? '' : '-b'}";key="a"${index > 1 ? ';sf' : ''}`)), {
        'x-a': `a=(${fill(bytes, '1', ' ')})`,
      }),
    '61 components, a new list each time': (signed, bytes, turn) =>
      signWith(signed, inputOf(list(61, index => `"x-${number(index + turn)}"`)), {
        ...Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`x-${number(index + turn)}`, 'a'.repeat(bytes / 70)])),
      }),
    '61 headers, strictly serialised': (signed, bytes, turn) =>
      signWith(signed, inputOf(list(61, index => `"x-${number(index + turn)}";sf`)), {
        ...Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`x-${number(index + turn)}`, fill(bytes / 70, 'a', ',')])),
      }),
    '61 headers, in bytes': (signed, bytes, turn) =>
      signWith(signed, inputOf(list(61, index => `"x-${number(index + turn)}";bs`)), {
        ...Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`x-${number(index + turn)}`, 'a'.repeat(bytes / 70)])),
      }),
    'one header of many lines, in bytes': (signed, bytes) => {
      const request = signWith(signed, inputOf('"x-a";bs'))
      return { ...request, headers: [...request.headers, ...Array.from({ length: bytes / 8 }, () => ['x-a', 'a'])] }
    },
    'one header four ways': (signed, bytes) =>
      signWith(signed, inputOf('"x-a" "x-a";sf "x-a";bs "x-a";key="a"'), { 'x-a': fill(bytes, 'a=(1 2)', ',') }),
    'a long list, strictly serialised': (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': fill(bytes, 'a', ',') }),
    'display strings': (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': fill(bytes, '%"%e2%82%ac"', ',') }),
    decimals: (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': fill(bytes, '1.500', ',') }),
    'strings with backslashes': (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': `"${fill(bytes, '\\"')}"` }),
    'a long number': (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': fill(bytes, '1') }),
    'open inner lists': (signed, bytes) => signWith(signed, inputOf('"x-a";sf'), { 'x-a': fill(bytes, '(1 ', ',') }),
    'parameters of a member': (signed, bytes) =>
      signWith(signed, inputOf('"x-a";sf'), { 'x-a': `a${fill(bytes, index => `;a${number(index)}`)}` }),
    'distinct parameters': (signed, bytes) =>
      signWith(
        signed,
        inputOf(
          '"x-a"',
          fill(bytes, index => `;a${number(index)}=1`),
        ),
      ),
    'one parameter again and again': (signed, bytes) => signWith(signed, inputOf('"x-a"', fill(bytes, ';a=1'))),
    'parameters of letters only': (signed, bytes) =>
      signWith(
        signed,
        inputOf(
          '"x-a"',
          fill(bytes, index => `;${number(index).replace(/\d/g, 'z')}=1`),
        ),
      ),
    'a long nonce': (signed, bytes) => signWith(signed, inputOf('"x-a"').replace('"n"', `"${'n'.repeat(bytes)}"`)),
    'a long key id': (signed, bytes) => signWith(signed, inputOf('"x-a"').replace('"k"', `"${'n'.repeat(bytes)}"`)),
    'a long label': (signed, bytes) =>
      withHeaders(signed, { 'signature-input': `${'a'.repeat(bytes)}=()`, signature: `s=:${SIGNATURE_HMAC}:` }),
    'parameters of a component': (signed, bytes) => signWith(signed, inputOf(`"x-a"${fill(bytes, index => `;a${number(index)}`)}`)),
    'unclosed list': (signed, bytes) => signWith(signed, `(${fill(bytes, '"a" ')}`),
    'a list of blanks': (signed, bytes) => signWith(signed, `(${fill(bytes, ' ')})`),
    'many labels': (signed, bytes) =>
      withHeaders(signed, {
        'signature-input': fill(bytes / 2, index => `s${number(index)}=("@method")`, ', '),
        signature: fill(bytes / 2, index => `s${number(index)}=:AA==:`, ', '),
      }),
    'many signatures that cover enough': (signed, bytes) =>
      withHeaders(signed, {
        'signature-input': fill(bytes * 0.6, index => `s${number(index)}=${inputOf('')}`.replace(' )', ')'), ', '),
        signature: fill(bytes * 0.4, index => `s${number(index)}=:${SIGNATURE_HMAC}:`, ', '),
      }),
    ...Object.fromEntries(
      [
        [32, 'HMAC'],
        [64, 'Ed25519 and P-256'],
        [96, 'P-384'],
        [256, 'RSA 2048'],
        [1024, 'RSA 8192'],
        [1000, 'RSA of another length'],
      ].map(([length, kind]) => [
        `as many signatures as are tried, ${kind}`,
        (signed, bytes, turn) => {
          const count = Math.max(1, Math.min(8, Math.floor(bytes / (length * 1.4 + 140))))
          const each = index => Buffer.alloc(length, (turn + index) % 120).toString('base64')
          return withHeaders(signed, {
            'signature-input': list(
              count,
              index =>
                `s${index}=${inputOf('')
                  .replace(' )', ')')
                  .replace('"k"', `"k${index === 0 ? '' : index}"`)}`,
            ).replaceAll(' s', ', s'),
            signature: list(count, index => `s${index}=:${each(index)}:`).replaceAll(' s', ', s'),
          })
        },
      ]),
    ),
    ...Object.fromEntries(
      [20, 32, 33, 48, 64, 96, 256, 384, 512, 1000, 1024].map(length => [
        `one signature of ${length} bytes`,
        (signed, _bytes, turn) =>
          withHeaders(signed, {
            'signature-input': `s=${inputOf('').replace(' )', ')')}`,
            signature: `s=:${Buffer.alloc(length, turn % 120).toString('base64')}:`,
          }),
      ]),
    ),
    'a long signature': (signed, bytes) =>
      withHeaders(signed, {
        'signature-input': `s=${inputOf('').replace(' )', ')')}`,
        signature: `s=:${Buffer.alloc(bytes * 0.75).toString('base64')}:`,
      }),
    'digests of unknown algorithms': (signed, bytes) =>
      withHeaders(signed, { 'content-digest': fill(bytes, index => `a${number(index)}=:AAAA:`, ', ') }),
    'digests, the same again and again': (signed, bytes) => withHeaders(signed, { 'content-digest': fill(bytes, 'sha-256=:AAAA:', ', ') }),
    'a digest with many parameters': (signed, bytes) =>
      withHeaders(signed, { 'content-digest': `sha-256=:AAAA:${fill(bytes, index => `;a${number(index)}`)}` }),
    'a digest with one parameter again and again': (signed, bytes) =>
      withHeaders(signed, { 'content-digest': `sha-256=:AAAA:${fill(bytes, ';a')}` }),
    'a digest of many lines': (signed, bytes) => ({
      ...signed,
      headers: [...signed.headers, ...Array.from({ length: bytes / 30 }, (_, index) => ['content-digest', `a${index}=:AAAA:`])],
    }),
    'signatures of many lines': (signed, bytes) => ({
      ...signed,
      headers: [
        ...signed.headers,
        ...Array.from({ length: bytes / 60 }, (_, index) => ['signature-input', `s${index}=("@method")`]),
        ...Array.from({ length: bytes / 60 }, (_, index) => ['signature', `s${index}=:AAAA:`]),
      ],
    }),
  }
  return Object.entries(inputs).map(([name, make]) => ({ name, of, make }))
}

function inDraft() {
  const of = ['http-signatures-draft-12']
  const headerOf = (covered, more = '') => ({
    authorization: `Signature keyId="k",headers="(request-target) host date ${covered}"${more},signature="${SIGNATURE_HMAC}"`,
  })
  const names = (count, piece) => Array.from({ length: count }, (_, index) => piece(index)).join(' ')
  const inputs = {
    'many headers': (signed, bytes) => withHeaders(signed, headerOf(fill(bytes, index => `x-${number(index)}`, ' '))),
    '61 headers, a new list each time': (signed, bytes, turn) =>
      withHeaders(signed, {
        ...headerOf(names(61, index => `x-${number(index + turn)}`)),
        ...Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`x-${number(index + turn)}`, 'a'.repeat(bytes / 70)])),
      }),
    'unknown parameters': (signed, bytes) =>
      withHeaders(
        signed,
        headerOf(
          'digest',
          fill(bytes, index => `,a${number(index)}="1"`),
        ),
      ),
    'blanks around parameters': (signed, bytes) => withHeaders(signed, headerOf('digest', fill(bytes, ' '))),
    'an unknown parameter with backslashes': (signed, bytes) => withHeaders(signed, headerOf('digest', `,a="${fill(bytes, '\\a')}`)),
    digests: (signed, bytes) => withHeaders(signed, { digest: fill(bytes, 'MD5=AAAA', ',') }),
    'digests and blanks': (signed, bytes) => withHeaders(signed, { digest: fill(bytes, ' ') }),
    'a digest behind blanks': (signed, bytes) => withHeaders(signed, { digest: `SHA-256=${SIGNATURE_HMAC}${fill(bytes, ' ')}x` }),
    ...Object.fromEntries(
      [32, 64, 96, 256, 1024].map(length => [
        `one signature of ${length} bytes`,
        (signed, _bytes, turn) =>
          withHeaders(signed, {
            authorization: headerOf('digest').authorization.replace(SIGNATURE_HMAC, Buffer.alloc(length, turn % 120).toString('base64')),
          }),
      ]),
    ),
    'many lines of a covered header': (signed, bytes) => {
      const request = withHeaders(signed, headerOf('x-a'))
      return { ...request, headers: [...request.headers, ...Array.from({ length: bytes / 8 }, () => ['x-a', 'a'])] }
    },
  }
  return Object.entries(inputs).map(([name, make]) => ({ name, of, make }))
}

function inSigV4() {
  const of = ['aws-sigv4']
  const stamp = new Date(NOW).toISOString().replace(/[-:]|\.\d+/g, '')
  const credential = `k/${stamp.slice(0, 8)}/eu-west-1/execute-api/aws4_request`
  const headersOf = (names, given = credential) => ({
    'x-amz-date': stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${given}, SignedHeaders=host;x-amz-date${names}, Signature=${'0'.repeat(64)}`,
  })
  const inputs = {
    'many headers': (signed, bytes) => withHeaders(signed, headersOf(fill(bytes, index => `;y-${number(index)}`))),
    '60 headers, a new list each time': (signed, bytes, turn) =>
      withHeaders(signed, {
        ...headersOf(fill(60 * 8, index => `;y-a${number((index + turn) % 46_000)}`)),
        ...Object.fromEntries(
          Array.from({ length: 60 }, (_, index) => [`y-a${number((index + turn) % 46_000)}`, `a ${'a'.repeat(bytes / 70)}  b`]),
        ),
      }),
    'a value of blanks': (signed, bytes) => withHeaders(signed, { ...headersOf(';y-a'), 'y-a': `a${fill(bytes, ' ')}a` }),
    'a value of blanks and letters': (signed, bytes) => withHeaders(signed, { ...headersOf(';y-a'), 'y-a': fill(bytes, 'a  ') }),
    'a new region each time': (signed, _bytes, turn) => withHeaders(signed, headersOf('', credential.replace('eu-west-1', `r${turn}`))),
    'slashes in the credential': (signed, bytes) => withHeaders(signed, headersOf('', `${fill(bytes, 'k/')}${credential}`)),
    'blanks around parts': (signed, bytes) =>
      withHeaders(signed, { ...headersOf(''), authorization: headersOf('').authorization.replace(',', `${fill(bytes, ' ')},`) }),
    'many parts': (signed, bytes) =>
      withHeaders(signed, { ...headersOf(''), authorization: headersOf('').authorization + fill(bytes, ',a=b') }),
  }
  return Object.entries(inputs).map(([name, make]) => ({ name, of, make }))
}
