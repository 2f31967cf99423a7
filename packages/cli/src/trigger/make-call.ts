import { randomBytes, randomUUID } from 'node:crypto'
import { isDeclared, type Scheme } from 'countersign'
import { sampleRequest } from 'countersign/code'
import { UsageError } from '../process/exit.ts'
import { PROVIDERS } from './providers.ts'
import type { SampleEvent, SampleInput } from './sample.ts'

export interface SampleCall {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array | undefined
}

export interface SampleCallOptions {
  readonly scheme: Scheme
  readonly url: string
  /** The event's name; left out: the provider's first. */
  readonly event: string | undefined
  /** A body in the place of the sample's. */
  readonly data: Uint8Array | undefined
  readonly nowMs: number
}

/**
 * A call as the scheme's provider would make it, not signed yet: another one each time.
 *
 * @throws UsageError `event-unknown`, `event-unused`
 */
export function makeSampleCall({ scheme, url, event, data, nowMs }: SampleCallOptions): SampleCall {
  const input: SampleInput = { id: randomText, uuid: randomUUID, nowMs }
  const provider = PROVIDERS.get(scheme.name)
  if (provider === undefined) {
    if (event !== undefined)
      throw new UsageError('event-unused', `The calls of ${scheme.name} are no events: leave ${JSON.stringify(event)} out.`)
    return makeRequest(scheme, url, data)
  }
  const name = event ?? Object.keys(provider.events)[0] ?? ''
  const make = Object.hasOwn(provider.events, name) ? provider.events[name] : undefined
  if (make === undefined && data === undefined)
    throw new UsageError(
      'event-unknown',
      `No sample of ${name} for ${scheme.name}: give its body with --data, or one of ${Object.keys(provider.events).join(', ')}.`,
    )
  const { contentType, headers, body }: SampleEvent = make?.(input) ?? {
    contentType: 'application/json',
    headers: provider.headersOf?.(name, input) ?? {},
    body: '',
  }
  return { method: 'POST', url, headers: { 'content-type': contentType, ...headers }, body: data ?? encoder.encode(body) }
}

const encoder = new TextEncoder()

/** A call to an API. A query that was typed is left as it is. */
function makeRequest(scheme: Scheme, url: string, data: Uint8Array | undefined): SampleCall {
  const sample = isDeclared(scheme) && !url.includes('?') ? sampleRequest(scheme, url) : { method: methodOf(scheme), url, body: undefined }
  const body = data ?? (typeof sample.body === 'string' ? encoder.encode(sample.body) : undefined)
  const method = data !== undefined && sample.method === 'GET' && scheme.only.methods === undefined ? 'POST' : sample.method
  const isForm = isDeclared(scheme) && scheme.declaration.form !== undefined
  return {
    method,
    url: data === undefined || method === 'GET' ? sample.url : url,
    headers: body === undefined ? {} : { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
    body,
  }
}

function methodOf({ only }: Scheme): string {
  return only.methods?.[0] ?? 'GET'
}

/** Letters and digits, as providers' ids are. */
function randomText(length: number): string {
  return Array.from(randomBytes(length), byte => ALPHABET.charAt(byte % ALPHABET.length)).join('')
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
