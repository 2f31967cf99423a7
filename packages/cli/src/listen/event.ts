import type { Redact } from './redact.ts'

/** What a webhook says of itself: nothing of it is needed to verify it. */
export interface EventFacts {
  /** `payment_intent.succeeded`, `issues.opened`, `orders/create`, `/deploy`. */
  readonly name?: string | undefined
  /** The same when the provider sends the event again. */
  readonly id?: string | undefined
}

/** Larger bodies are not read as JSON or as a form for it. */
const MAX_READ_BYTES = 1_048_576
const MAX_CHARACTERS = 100

const NAME_HEADERS = ['x-github-event', 'x-shopify-topic']
const ID_HEADERS = ['x-github-delivery', 'x-shopify-webhook-id', 'webhook-id']

/** Reads name and id of an event, where headers or body have them in one of the usual places. */
export function readEvent(
  headers: { readonly [name: string]: string | readonly string[] | undefined },
  body: Uint8Array | undefined,
  redact: Redact = text => text,
): EventFacts {
  const facts = body === undefined || body.length > MAX_READ_BYTES ? {} : factsOf(redact(new TextDecoder().decode(body)))
  const named = headerOf(headers, NAME_HEADERS, redact)
  const name = named === undefined ? facts.name : named + (facts.action === undefined ? '' : `.${facts.action}`)
  return { name, id: headerOf(headers, ID_HEADERS, redact) ?? facts.id }
}

interface BodyFacts extends EventFacts {
  /** GitHub's events say in the body what happened to what the header names. */
  readonly action?: string | undefined
}

function factsOf(text: string): BodyFacts {
  if (!text.trimStart().startsWith('{')) {
    const form = new URLSearchParams(text)
    return { name: textOf(form.get('command') ?? undefined), id: textOf(form.get('trigger_id') ?? undefined) }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {}
  }
  const inner = memberOf(value, 'event')
  return {
    // Slack has the event's own type inside of an envelope.
    name: textOf(memberOf(inner, 'type')) ?? textOf(memberOf(value, 'type')) ?? textOf(inner),
    id: textOf(memberOf(value, 'event_id')) ?? textOf(memberOf(value, 'id')),
    action: textOf(memberOf(value, 'action')),
  }
}

function headerOf(
  headers: { readonly [name: string]: string | readonly string[] | undefined },
  names: readonly string[],
  redact: Redact,
): string | undefined {
  for (const name of names) {
    const value = headers[name]
    const found = textOf(typeof value === 'string' ? redact(value) : value)
    if (found !== undefined) return found
  }
  return undefined
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

function textOf(value: unknown): string | undefined {
  // A slice would keep the whole text in memory for as long as an id is remembered.
  return typeof value === 'string' && value !== '' ? Buffer.from(value.slice(0, MAX_CHARACTERS)).toString() : undefined
}
