import { describe, expect, it } from 'vitest'
import { readCurlLine, readCurlWords } from './curl-line.ts'
import { chooseEntry, readHar } from './har.ts'
import { readRawHttp } from './raw-http.ts'

const plain = ({ body, ...rest }: ReturnType<typeof readCurlLine>) => ({
  ...rest,
  body: body === undefined ? undefined : Buffer.from(body).toString(),
})

describe('a curl line', () => {
  it.each([
    ['curl https://a.example/x', { method: 'GET', url: 'https://a.example/x', headers: [], body: undefined }],
    [
      `$ curl 'https://a.example/x?a=1&b=%20' \\\n  -X 'PUT' \\\n  -H 'A: b: c' --compressed -sS --data-raw $'{"a":"it\\'s"}'`,
      { method: 'PUT', url: 'https://a.example/x?a=1&b=%20', headers: [['a', 'b: c']], body: `{"a":"it's"}` },
    ],
    ['curl -d a=1 -d b=2 a.example', { method: 'POST', url: 'http://a.example', headers: [], body: 'a=1&b=2' }],
    ['curl -G -d a=1 https://a.example/?z=1', { method: 'GET', url: 'https://a.example/?z=1&a=1', headers: [], body: undefined }],
    [
      `curl --json '{"a":1}' -o out.txt --max-time 3 --url https://a.example/`,
      { method: 'POST', url: 'https://a.example/', headers: [], body: '{"a":1}' },
    ],
    ['curl -XDELETE https://a.example/x#part', { method: 'DELETE', url: 'https://a.example/x#part', headers: [], body: undefined }],
    ['curl -I https://a.example/', { method: 'HEAD', url: 'https://a.example/', headers: [], body: undefined }],
    [`curl --data-urlencode 'q=a b&c' https://a.example/`, { method: 'POST', url: 'https://a.example/', headers: [], body: 'q=a%20b%26c' }],
  ])('%s', (line, expected) => {
    expect(plain(readCurlLine(line))).toEqual(expected)
  })

  it('reads files as curl does: -d without line breaks, --data-binary as they are', () => {
    const files = (path: string) => Buffer.from(path === 'body.json' ? '{"a":\n1}\n' : '')
    expect(plain(readCurlWords(['curl', '-d', '@body.json', 'https://a.example/'], files)).body).toBe('{"a":1}')
    expect(plain(readCurlWords(['curl', '--data-binary', '@body.json', 'https://a.example/'], files)).body).toBe('{"a":\n1}\n')
  })

  it("says where files can't be read", () => {
    expect(() => readCurlLine('curl -d @body.json https://a.example/')).toThrow(expect.objectContaining({ code: 'curl-malformed' }))
  })

  it.each([['wget https://a.example/'], ['curl -X POST'], ["curl 'https://a.example/"], ['']])('refuses %j', line => {
    expect(() => readCurlLine(line)).toThrow(expect.objectContaining({ code: 'curl-malformed' }))
  })
})

describe('a raw request', () => {
  it.each(['\r\n', '\n'])('with line breaks %j', end => {
    const text = ['POST /x?a=1 HTTP/1.1', 'Host: a.example', 'Content-Length: 7', 'X: y', '', '{"a":1}\n'].join(end)
    expect(plain(readRawHttp(Buffer.from(text)))).toEqual({
      method: 'POST',
      url: 'https://a.example/x?a=1',
      headers: [
        ['host', 'a.example'],
        ['content-length', '7'],
        ['x', 'y'],
      ],
      body: '{"a":1}',
    })
  })

  it('without a host takes the origin', () => {
    expect(readRawHttp(Buffer.from('GET /x'), 'http://b.example').url).toBe('http://b.example/x')
    expect(() => readRawHttp(Buffer.from('GET /x'))).toThrow(expect.objectContaining({ code: 'request-malformed' }))
  })

  it.each(['', 'hello', 'GET', '\u0000'])('refuses %j', text => {
    expect(() => readRawHttp(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'request-malformed' }))
  })
})

describe('a recording', () => {
  const entry = (url: string, status: number, more = {}) => ({
    request: { method: 'POST', url, headers: [{ name: 'Sig', value: 'x' }], ...more },
    response: { status },
  })
  const har = (...entries: unknown[]): string => JSON.stringify({ log: { entries } })
  const isSigned = () => true

  it('takes the request that was refused, or the one that was asked for', () => {
    const entries = readHar(har(entry('https://a.example/1', 200), entry('https://a.example/2#x', 401), {}))
    expect(chooseEntry(entries, undefined, isSigned)).toMatchObject({ number: 2, url: 'https://a.example/2#x', headers: [['sig', 'x']] })
    expect(chooseEntry(entries, 1, isSigned).number).toBe(1)
    expect(() => chooseEntry(entries, 3, isSigned)).toThrow(expect.objectContaining({ code: 'har-entry-missing' }))
    expect(() => chooseEntry(entries, undefined, () => false)).toThrow(expect.objectContaining({ code: 'har-entry-missing' }))
  })

  it('reads bodies as text, base64 or parameters', () => {
    const bodies = [{ text: '{"a":1}' }, { text: 'e30=', encoding: 'base64' }, { params: [{ name: 'a', value: 'b c' }] }, { text: '' }]
    expect(readHar(har(...bodies.map(postData => entry('https://a.example/', 200, { postData })))).map(one => plain(one).body)).toEqual([
      '{"a":1}',
      '{}',
      'a=b+c',
      undefined,
    ])
  })

  it.each(['', '{}', '[]', '{"log":{}}', 'null'])('refuses %j', text => {
    expect(() => readHar(text)).toThrow(expect.objectContaining({ code: 'har-malformed' }))
  })
})
