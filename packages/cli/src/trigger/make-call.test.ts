import { createSigner, createVerifier, isDeclared, memoryKeys } from 'countersign'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { readEvent } from '../listen/event.ts'
import { otherBody } from './break-call.ts'
import { makeSampleCall } from './make-call.ts'
import { PROVIDERS } from './providers.ts'

const ORIGIN = 'https://example.com'
const NOW_MS = 1_795_764_322_000
const every = [...PROVIDERS].flatMap(([name, { events }]) => Object.keys(events).map(event => [name, event] as const))

function schemeOf(name: string) {
  const scheme = schemeNamed(name)
  if (scheme === undefined) throw new Error(`There is no scheme ${name}.`)
  return scheme
}

describe('a sample event', () => {
  it.each(every)('of %s, %s, is taken by a verifier, has its own id, and says its name', async (name, event) => {
    const scheme = schemeOf(name)
    const secret = name === 'standard-webhooks' ? `whsec_${Buffer.alloc(32, 1).toString('base64')}` : 'a secret of thirty-two characters'
    const verifier = createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'default', secret }]), keyId: 'default' })
    const make = () => makeSampleCall({ scheme, url: `${ORIGIN}/hook`, event, data: undefined, nowMs: NOW_MS })
    const call = make()
    const { method, headers, body } = await createSigner(scheme, { secret }).signAsync(call)
    expect(await verifier.verify({ method, target: '/hook', headers: { ...call.headers, ...headers }, body })).toMatchObject({ ok: true })
    expect(call.headers['content-type']).toMatch(/^application\/(json|x-www-form-urlencoded)/)

    const facts = readEvent({ ...call.headers, ...headers }, body)
    expect(facts.name).toContain(event === 'command' ? '/deploy' : event === 'app_mention' ? 'app_mention' : event)
    // A challenge is no event.
    if (event === 'url_verification') return
    const again = await createSigner(scheme, { secret }).signAsync(make())
    const other = readEvent({ ...make().headers, ...again.headers }, again.body)
    expect(facts.id).toEqual(expect.any(String))
    expect(other.id).not.toBe(facts.id)
  })

  it('of a body of one’s own keeps its bytes, and the header that names the event', () => {
    const data = new TextEncoder().encode('{ "mine": 1 }')
    const call = makeSampleCall({ scheme: schemeOf('github'), url: ORIGIN, event: 'workflow_run', data, nowMs: NOW_MS })
    expect(call).toMatchObject({
      method: 'POST',
      body: data,
      headers: { 'x-github-event': 'workflow_run', 'content-type': 'application/json' },
    })
    expect(() => makeSampleCall({ scheme: schemeOf('github'), url: ORIGIN, event: 'toString', data: undefined, nowMs: NOW_MS })).toThrow(
      expect.objectContaining({ code: 'event-unknown' }),
    )
  })

  it.each(SCHEMES.filter(scheme => scheme.keys === 'secret' && isDeclared(scheme)).map(({ name }) => name))(
    'of %s can be signed as it is, or with the query and the body that were given',
    async name => {
      const scheme = schemeOf(name)
      const [prefix, bytes] = [scheme.secret.prefix, Buffer.alloc(64, 1)]
      const secret =
        prefix + (scheme.secret.encoding === 'utf8' ? 'x'.repeat(64) : bytes.toString(scheme.secret.encoding === 'hex' ? 'hex' : 'base64'))
      const signer = createSigner(scheme, {
        ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }),
        secret,
        ...(scheme.hasPassphrase ? { passphrase: 'p' } : {}),
      })
      const call = makeSampleCall({ scheme, url: `${ORIGIN}/v1/orders`, event: undefined, data: undefined, nowMs: NOW_MS })
      expect((await signer.signAsync(call)).url.startsWith(`${ORIGIN}/v1/orders`)).toBe(true)
      if (call.method === 'GET') {
        const typed = makeSampleCall({ scheme, url: `${ORIGIN}/v1/orders?b=2&a=1`, event: undefined, data: undefined, nowMs: NOW_MS })
        expect(typed.url).toBe(`${ORIGIN}/v1/orders?b=2&a=1`)
      }
    },
  )
})

describe('a body that is wrong on purpose', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const text = (body: Uint8Array) => new TextDecoder().decode(body)

  it('has one character changed, and stays JSON or a form', () => {
    expect(text(otherBody(bytes('{"a":19,"b":"x"}'), 'body'))).toBe('{"a":18,"b":"x"}')
    expect(text(otherBody(bytes('{"a":"Z"}'), 'body'))).toBe('{"a":"Y"}')
    expect(text(otherBody(bytes('{}'), 'body'))).toBe('{} ')
    expect(text(otherBody(bytes('1'), 'body'))).toBe('2')
  })

  it('is the same JSON in another spelling', () => {
    expect(text(otherBody(bytes('{"a":1}'), 'json'))).toBe('{\n  "a": 1\n}')
    expect(text(otherBody(bytes('{\n  "a": 1\n}'), 'json'))).toBe('{"a":1}')
    for (const body of [undefined, bytes(''), bytes('a=1')])
      expect(() => otherBody(body, 'json')).toThrow(expect.objectContaining({ code: 'break-not-possible' }))
  })
})
