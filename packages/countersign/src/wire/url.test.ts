import { describe, expect, it } from 'vitest'
import { checkSignableUrl, isStrictTarget, splitUrl, wireUrl } from './url.ts'

describe('checkSignableUrl', () => {
  it('takes a URL as it was typed', () => {
    for (const url of [
      'https://a.example/',
      'http://127.0.0.1:4567/a?b=%20&c',
      'HTTPS://A.example/x',
      'wss://a.example/feed',
      'https://a.example',
    ])
      expect(() => checkSignableUrl(url)).not.toThrow()
  })

  it.each([
    ['https://a.example/x#y', /fragment/],
    ['/x', /not absolute/],
    ['ftp://a.example/', /not absolute/],
    ['https://', /not absolute/],
    ['https://a.example/ x', /percent-encode/],
    ['https://a.example/ü', /percent-encode/],
  ])('refuses %s', (url, message) => {
    expect(() => checkSignableUrl(url)).toThrow(message)
  })
})

describe('splitUrl', () => {
  it('changes no character', () => {
    expect(splitUrl('https://A.example:443/a/../b?x=%7e')).toEqual({ origin: 'https://A.example:443', target: '/a/../b?x=%7e' })
    expect(splitUrl('https://a.example?x')).toEqual({ origin: 'https://a.example', target: '/?x' })
    expect(splitUrl('https://a.example')).toEqual({ origin: 'https://a.example', target: '/' })
  })
})

describe('isStrictTarget', () => {
  it('holds only what RFC 3986 allows in a path and a query', () => {
    for (const target of ['/', '/a/b?c=d&e=%20', '/?', "/-._~:@!$&'()*+,;="]) expect(isStrictTarget(target)).toBe(true)
    for (const target of ['', 'a', '*', 'http://a/', '/{', '/"', '/[', '/]', '/ ', '/#', '/\\', '/|', '/^', '/`', '/<', '/ü', '/\n'])
      expect(isStrictTarget(target)).toBe(false)
  })
})

describe('wireUrl', () => {
  it('is what fetch sends, strictly encoded', () => {
    expect(wireUrl('https://A.example:443/a b?c={d}&e="f"#g')).toBe('https://a.example/a%20b?c=%7Bd%7D&e=%22f%22')
    expect(wireUrl('https://a.example/ü?q=[1]|x')).toBe('https://a.example/%C3%BC?q=%5B1%5D%7Cx')
  })
})
