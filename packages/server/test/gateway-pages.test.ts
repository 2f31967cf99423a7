import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MAX_LOGGED_PATH, MAX_REQUEST_ID } from '../src/gateway/access-entry.ts'
import { JWKS_MAX_AGE_S } from '../src/gateway/answer.ts'
import { GATEWAY_DEFAULTS } from '../src/gateway/defaults.ts'
import { IDLE_UPSTREAM_MS } from '../src/gateway/forward.ts'
import { MAX_HEADER_BYTES } from '../src/gateway/gateway.ts'
import { MAX_CHARACTERS, PATH_READINGS } from '../src/gateway/paths/path-readings.ts'
import { GATEWAY_PROBLEMS } from '../src/gateway/problem.ts'
import { TURN_MS } from '../src/gateway/rules.ts'
import { LIFETIME_S } from '../src/gateway/signed-identity.ts'
import { LOOK_MS } from '../src/gateway/upgrades/open-tunnels.ts'
import { CLOSE_GRACE_MS } from '../src/gateway/upgrades/tunnel.ts'
import { CHECK_CONNECTIONS_MS, HEADERS_TIMEOUT_MS } from '../src/http/listen.ts'
import { SETTINGS } from '../src/settings/renewed-settings.ts'
import { NAMES, PATHS } from './spellings.ts'

const page = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

/** Every number of a page that stands in front of these words. */
function numbersBefore(words: string, text: string): readonly number[] {
  return [...text.matchAll(new RegExp(`([\\d,]+) ${words}`, 'g'))].map(([, number = '']) => Number(number.replaceAll(',', '')))
}

describe('docs/gateway.md', () => {
  it('names the settings that only a start takes', () => {
    const [, named = ''] = /These take a start.*?:(.*?), and whether/.exec(page('docs/gateway.md')) ?? []
    const names = Object.entries(SETTINGS).flatMap(([name, taken]) => (taken === 'start' ? [`\`${name}\``] : []))
    expect(named.trim().split(', ')).toEqual(names)
  })
})

describe('SECURITY.md', () => {
  const text = page('SECURITY.md')

  it.each([
    ['spellings at', PATHS.length],
    ['spellings, each', PATHS.length],
    ['spellings of identity headers', NAMES.length],
  ])('says how many %s the tests try', (words, count) => {
    expect(numbersBefore(words, text)).toEqual([count])
    expect(numbersBefore('spellings', text)).toHaveLength(3)
  })
})

describe('docs/gateway.md', () => {
  const text = page('docs/gateway.md')
  /** What stands under a heading. */
  const section = (heading: string): string => text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  /** The cells of the rows of its tables, without the heads. */
  const rows = (heading: string): readonly (readonly string[])[] =>
    section(heading)
      .split('\n')
      .filter((line, at, lines) => line.startsWith('| ') && !line.startsWith('| ---') && !lines[at + 1]?.startsWith('| ---'))
      .map(line => line.slice(2, -2).split(' | '))
  const number = (cell = ''): number => Number(/^[\d,]+/.exec(cell)?.[0].replaceAll(',', ''))
  const NAME = /^`(?:timeouts\.)?(\w+)`$/

  it('lists every refusal of the gateway itself, with its status', () => {
    expect(rows('What the gateway itself answers').map(([status, code]) => [code, Number(status)])).toEqual(
      Object.entries(GATEWAY_PROBLEMS).map(([code, { status }]) => [`\`${code}\``, status]),
    )
  })

  it('lists every setting that limits something, with its default', () => {
    const settings = rows('Limits and defaults').filter(([name = '']) => NAME.test(name))
    expect(Object.fromEntries(settings.map(([name = '', value]) => [NAME.exec(name)?.[1], number(value)]))).toEqual(GATEWAY_DEFAULTS)
  })

  it('lists the limits that are fixed', () => {
    const fixed = rows('Limits and defaults').filter(([name = '']) => !NAME.test(name))
    expect(fixed.map(([, value]) => number(value))).toEqual([
      MAX_HEADER_BYTES,
      HEADERS_TIMEOUT_MS + CHECK_CONNECTIONS_MS,
      TURN_MS,
      IDLE_UPSTREAM_MS,
      LOOK_MS,
      CLOSE_GRACE_MS,
      MAX_REQUEST_ID,
      MAX_LOGGED_PATH,
      MAX_CHARACTERS,
      LIFETIME_S,
      JWKS_MAX_AGE_S,
    ])
  })

  it('lists the ways to read a path, by the names that allow takes', () => {
    expect([...section('What a path means').matchAll(/^- `([\w-]+)`:/gm)].map(([, name]) => name)).toEqual(PATH_READINGS)
  })
})
