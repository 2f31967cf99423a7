import { sameBytes, utf8 } from '../wire/encoding.ts'
import { changing, type Hypothesis } from './hypothesis.ts'

const RIGHT = 'Sign the very bytes that are sent: serialise the body once, sign that text, and send it.'

/** The client made another text of the body's. */
export function changed(
  code: string,
  weight: number,
  did: string,
  change: (text: string) => string | Uint8Array | undefined,
  fix = RIGHT,
): Hypothesis {
  return { ...named(code, weight, did, fix), ...changing('body', body => unlessSame(body, change(decodeText(bytesOf(body))))) }
}

/** The client signed this, whatever the body was. A replacement doesn't need the old body, so don't decode it. */
export function replaced(code: string, weight: number, did: string, make: () => string | undefined, fix = RIGHT): Hypothesis {
  return { ...named(code, weight, did, fix), ...changing('body', body => unlessSame(body, make())), isAbsolute: true }
}

/** A change of the last bytes alone. */
export function atEnd(code: string, did: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Hypothesis {
  return { ...named(code, 1, did, RIGHT), ...changing('body', body => change(bytesOf(body))) }
}

function named(code: string, weight: number, did: string, fix: string): Pick<Hypothesis, 'code' | 'dimension' | 'weight' | 'did' | 'fix'> {
  return { code: `body-${code}`, dimension: 'body', weight, did, fix }
}

/** As bytes, so that a body is encoded once and not for every message that holds it. */
function unlessSame(before: string | Uint8Array | undefined, after: string | Uint8Array | undefined): Uint8Array | undefined {
  const bytes = typeof after === 'string' ? utf8(after) : after
  return bytes === undefined || sameBytes(bytesOf(before), bytes) ? undefined : bytes
}

function bytesOf(body: string | Uint8Array | undefined): Uint8Array {
  return body instanceof Uint8Array ? body : utf8(body ?? '')
}

export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
