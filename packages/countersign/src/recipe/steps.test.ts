import { describe, expect, it } from 'vitest'
import { crypto } from '#crypto'
import { kraken, slack } from '../schemes/index.ts'
import type { Call } from './call.ts'
import { compile } from './compile.ts'
import { DECLARED } from './declared.ts'
import { field, filter, join, type Recipe, text } from './recipe.ts'
import { type Step, stepsOf } from './steps.ts'

const call: Call = {
  timestamp: '1647356399',
  nonce: '1',
  keyId: 'k',
  passphrase: '',
  method: 'POST',
  url: 'https://a.example/x?y=1',
  origin: 'https://a.example',
  target: '/x?y=1',
  body: 'nonce=1&a=b',
  parameters: {},
  header: () => undefined,
  covered: [],
  hashes: [],
  missing: undefined,
}

async function write(recipe: Recipe) {
  const made = compile(recipe, DECLARED)
  const own = { ...call, hashes: [] }
  await made.fill?.(crypto, made.hashes, own)
  return made.write(own)
}

/** Each step's name, and its parts as name and text. */
function shown(steps: readonly Step[]): unknown {
  return steps.map(({ name, parts }) => [name, ...parts.map(part => `${part.name}=${new TextDecoder('latin1').decode(part.value)}`)])
}

describe('stepsOf', () => {
  it('names the parts of a message', async () => {
    expect(shown(await stepsOf(slack.message, write))).toEqual([
      ['message', 'literal=v0:', 'timestamp=1647356399', 'literal=:', 'body=nonce=1&a=b'],
    ])
  })

  it('gives what is hashed, put together of several, a step of its own', async () => {
    const steps = await stepsOf(kraken.message, write)
    expect(shown(steps.slice(0, 1))).toEqual([['what is hashed with sha256', 'nonce=1', 'body=nonce=1&a=b']])
    expect(steps.at(-1)?.parts.map(({ name, value }) => [name, value.length])).toEqual([
      ['path', 2],
      ['hash', 32],
    ])
  })

  it('puts a named value before what is made of it, and what stands between parts with them', async () => {
    const canonical: Recipe = { op: 'step', name: 'canonical', of: join('\n', [field('method'), filter('lower', field('path'))]) }
    expect(shown(await stepsOf(join('|', [text('v1'), canonical]), write))).toEqual([
      ['canonical', 'method=POST', 'literal=\n', 'path=/x'],
      ['message', 'literal=v1', 'literal=|', 'canonical=POST\n/x'],
    ])
  })
})
