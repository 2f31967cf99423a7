import { describe, expect, it } from 'vitest'
import { readEvent } from './event.ts'

const read = (body: string, headers: Record<string, string> = {}) => readEvent(headers, new TextEncoder().encode(body))

describe('name and id of an event', () => {
  it('are read where providers have them', () => {
    expect(read('{"id":"evt_1","type":"invoice.paid"}')).toEqual({ name: 'invoice.paid', id: 'evt_1' })
    expect(read('{"action":"opened"}', { 'x-github-event': 'issues', 'x-github-delivery': 'd1' })).toEqual({
      name: 'issues.opened',
      id: 'd1',
    })
    expect(read('{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}')).toEqual({ name: 'message', id: 'Ev1' })
    expect(read('command=%2Fdeploy&trigger_id=1.2')).toEqual({ name: '/deploy', id: '1.2' })
    expect(read('{"event":"paid"}', { 'webhook-id': 'msg_1' })).toEqual({ name: 'paid', id: 'msg_1' })
  })

  it('are left out where there are none, whatever the body is', () => {
    for (const body of ['', '{', '[]', 'null', '{"type":1,"id":{}}', '{"__proto__":{"type":"x"}}', '\u0000'.repeat(100)])
      expect(read(body), body).toEqual({ name: undefined, id: undefined })
    expect(readEvent({}, undefined)).toEqual({ name: undefined, id: undefined })
    expect(readEvent({}, new Uint8Array(2_000_000))).toEqual({ name: undefined, id: undefined })
  })

  it('are cut off', () => {
    expect(read(`{"type":"${'x'.repeat(500)}"}`).name).toHaveLength(100)
  })
})
