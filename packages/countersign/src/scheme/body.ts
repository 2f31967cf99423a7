import { CountersignError } from '../contract/error.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { JsonSerializer } from '../wire/json.ts'

/**
 * An object of any type, since those of an interface have no index signature; what JSON can't say is refused when it is
 * signed.
 */
export type JsonBody = object | number | boolean

/**
 * What can be signed as a body: text and bytes go out as they are; any other JSON value is serialised once, and that
 * text is both signed and sent. `null` and `undefined` are no body, as for `fetch`.
 */
export type SignableBody = string | Uint8Array | ArrayBuffer | JsonBody | null | undefined

export interface SerializedBody {
  /** What goes into the message: text where there is text, since it is faster to sign. */
  readonly signed: string | Uint8Array | undefined
  /** What goes over the wire. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
  /** It was given as a JSON value. */
  readonly isJson: boolean
}

const NO_BODY: SerializedBody = { signed: undefined, bytes: undefined, isJson: false }

/** @throws CountersignError `body-not-signable` */
export function serializeBody(body: SignableBody, toJson: JsonSerializer, { utf8 }: CryptoProvider): SerializedBody {
  if (body === undefined || body === null) return NO_BODY
  if (typeof body === 'string') return { signed: body, bytes: utf8(body), isJson: false }
  // `fetch` takes no memory that is shared, and says so.
  if (body instanceof Uint8Array) return { signed: body, bytes: body as Uint8Array<ArrayBuffer>, isJson: false }
  if (body instanceof ArrayBuffer) {
    const bytes = new Uint8Array(body)
    return { signed: bytes, bytes, isJson: false }
  }
  if (!isJson(body))
    throw new CountersignError('body-not-signable', 'A body is text, bytes or a plain JSON value: signedFetch reads the others.')
  const text = toJson(body)
  return { signed: text, bytes: utf8(text), isJson: true }
}

/** The header that says what a body given as a JSON value is, unless the request says so itself. */
export function contentTypeOf({ isJson }: SerializedBody, headers: { readonly [name: string]: string } = {}): string | undefined {
  return isJson && !Object.keys(headers).some(name => name.toLowerCase() === 'content-type') ? 'application/json' : undefined
}

function isJson(body: unknown): boolean {
  if (typeof body === 'number' || typeof body === 'boolean' || Array.isArray(body)) return true
  if (typeof body !== 'object' || body === null) return false
  if ('toJSON' in body && typeof body.toJSON === 'function') return true
  const prototype: unknown = Object.getPrototypeOf(body)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
