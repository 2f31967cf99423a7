import { describe, expect, it } from 'vitest'
import { curlAdvice } from './curl-flags.ts'

describe('what is said to those who write as for curl', () => {
  it.each<readonly [args: readonly string[], unknown: string | undefined, said: RegExp | undefined]>([
    [['send', '-X', 'POST', 'https://a.example'], '-X', /^-X: the method comes before the URL/],
    [['send', '-XPOST', 'https://a.example'], '-XPOST', /^-XPOST: the method/],
    [['send', '--location', 'https://a.example'], '--location', /redirections within the origin/],
    [['send', '--compressed', ':80'], '--compressed', /this is the default/],
    [['send', '--cert', 'x', ':80'], '--cert', /use --curl/],
    [['send', '-k', 'https://a.example'], undefined, /^-k is --api-key/],
    [['send', '-s', ':80/x'], undefined, /^-s is --scheme/],
    [['send', '-u', 'me:pass', ':80'], undefined, /^-u is --unit/],
    // What is ours is left alone.
    [['send', '-s', 'qredo-v1'], undefined, undefined],
    [['send', '-k', 'csk_1', '--timeout'], undefined, undefined],
    [['send', '-u', 'min', ':80'], undefined, undefined],
    [['send'], undefined, undefined],
    [['send', '--nonsense', ':80'], '--nonsense', undefined],
  ])('%j: %s', (args, unknown, said) => {
    const advice = curlAdvice(args, unknown)
    if (said === undefined) expect(advice).toBeUndefined()
    else expect(advice).toMatch(said)
  })
})
