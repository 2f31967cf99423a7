import { describe, expect, it } from 'vitest'
import { readGatewayConfig } from '../settings/read-config.ts'
import { readUpstreamUrl } from './upstream-url.ts'

describe('the URL of an upstream', () => {
  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080', '127.0.0.1:8080', ''],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080', '127.0.0.1:8080', ''],
    ['https://api.internal/v1', 'https://api.internal', 'api.internal', '/v1'],
    ['https://api.internal/v1/x/', 'https://api.internal', 'api.internal', '/v1/x'],
    ['http://[::1]:1/a%20b', 'http://[::1]:1', '[::1]:1', '/a%20b'],
  ])('%s has a path that goes before that of every request', (text, origin, host, basePath) => {
    expect(readUpstreamUrl(text)).toEqual({ origin, host, basePath })
  })

  it.each([
    'http://me:pass-word@127.0.0.1:8080',
    'http://pass-word@127.0.0.1:8080',
    'http://127.0.0.1:8080/?key=pass-word',
    'http://127.0.0.1:8080?',
    'http://127.0.0.1:8080/#pass-word',
    'http://127.0.0.1:8080/v1/../pass-word',
    'http://127.0.0.1:8080/v1/%2e%2e/pass-word',
    'http://127.0.0.1:8080/v1//pass-word',
    'http://127.0.0.1:8080/v1\\pass-word',
    'ftp://pass-word',
    'pass-word',
    '',
  ])('%s is refused, and not repeated', text => {
    const withoutWord = expect.not.stringContaining('pass-word')
    expect(() => readUpstreamUrl(text)).toThrow(expect.objectContaining({ code: 'upstream-invalid', message: withoutWord }))
    const file = JSON.stringify({ upstream: text, origin: 'https://api.example.com' })
    expect(() => readGatewayConfig(file, 'g.json')).toThrow(expect.objectContaining({ code: 'config-invalid', message: withoutWord }))
  })
})
