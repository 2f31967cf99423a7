import { describe, expect, it } from 'vitest'
import { readUrl } from './url.ts'

describe('readUrl', () => {
  it.each([
    [':4567/path?a=%20', 'http://localhost:4567/path?a=%20'],
    [':4567', 'http://localhost:4567'],
    ['localhost:4567/path', 'http://localhost:4567/path'],
    ['localhost/path', 'http://localhost/path'],
    ['127.0.0.1:80', 'http://127.0.0.1:80'],
    ['[::1]:80/x', 'http://[::1]:80/x'],
  ])('%s is on this machine: %s', (text, url) => {
    expect(readUrl(text)).toBe(url)
  })

  it.each(['https://api.example.com/a%20b?c=~', 'http://LOCALHOST:1/', 'https://api.example.com/../x'])('leaves %s as it is', url => {
    expect(readUrl(url)).toBe(url)
  })

  it.each(['api.example.com/x', '/path', 'localhost.example.com/x', ':x/y', ':4567x', 'http://', ''])('refuses %j', text => {
    expect(() => readUrl(text)).toThrow(expect.objectContaining({ code: 'url-malformed' }))
  })
})
