import { describe, expect, it } from 'vitest'
import { answerHeaders, requestHeaders } from './forwarded-headers.ts'

const RAW = [
  'Host',
  'a.example',
  'X-One',
  '1',
  'x-one',
  '2',
  'Connection',
  'close, TE',
  'TE',
  'trailers',
  'Expect',
  '100-continue',
  'Content-Length',
  '9',
]

describe('the headers of a call that is forwarded', () => {
  it('keep their order, their spelling and their number, but for those of one connection', () => {
    const body = new Uint8Array(3)
    expect(requestHeaders(RAW, { host: 'b:1', body })).toEqual(['Host', 'b:1', 'X-One', '1', 'x-one', '2', 'Content-Length', '3'])
    expect(requestHeaders(RAW, { host: undefined, body }).slice(0, 2)).toEqual(['Host', 'a.example'])
  })

  it('say a length where the call said one, or has a body', () => {
    expect(requestHeaders(['Content-Length', '0'], { host: undefined, body: undefined })).toEqual(['Content-Length', '0'])
    expect(requestHeaders(['A', 'b'], { host: undefined, body: undefined })).toEqual(['A', 'b'])
    expect(requestHeaders(['Transfer-Encoding', 'chunked'], { host: undefined, body: new Uint8Array(1) })).toEqual(['Content-Length', '1'])
  })

  it('come back from the target in the same way, with the length that it said', () => {
    const raw = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Transfer-Encoding', 'chunked', 'Keep-Alive', 'timeout=5', 'content-length', '7']
    expect(answerHeaders(raw)).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'content-length', '7'])
  })
})
