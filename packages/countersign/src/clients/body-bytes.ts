import { CountersignError } from '../contract/error.ts'
import { concatBytes } from '../wire/encoding.ts'

/** A body that can be signed and sent again. */
export interface HeldBody {
  /** Text where it was given as text. */
  readonly body: string | Uint8Array | undefined
  /** What the platform calls it: a form with its boundary, a Blob's own type. */
  readonly contentType?: string | undefined
  /** Whether `contentType` has to be sent: a form can't be read without its boundary. */
  readonly isMultipart?: boolean | undefined
}

/**
 * Reads a body whole, as all of it is signed: text, bytes, `URLSearchParams`, `Blob`, `FormData`, streams of the web
 * and of Node, and what else can be iterated over.
 *
 * @throws CountersignError `body-too-large` (of what is read; not of what is held already), `body-not-signable`
 */
export async function holdBody(body: unknown, maxBytes: number): Promise<HeldBody> {
  if (body === undefined || body === null) return { body: undefined }
  if (typeof body === 'string') return { body }
  if (typeof body !== 'object') throw new CountersignError('body-not-signable', NOT_SIGNABLE)
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body) }
  if (ArrayBuffer.isView(body)) return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) }
  if (isPackagedForm(body)) return holdPackagedForm(body)
  const known = isFormData(body) ? copyForm(body) : body
  if (known instanceof FormData || known instanceof Blob || known instanceof URLSearchParams) {
    const { body: stream, headers } = new Response(known)
    return {
      body: stream === null ? new Uint8Array() : await readPieces(stream, maxBytes),
      contentType: headers.get('content-type') ?? undefined,
      isMultipart: known instanceof FormData,
    }
  }
  if (isIterable(body)) {
    const bytes = await readPieces(body, maxBytes)
    // A stream that was read before ends at once, and an empty body would be signed in its place.
    if (bytes.length === 0) throw new CountersignError('body-not-signable', 'The stream gave nothing: it was read before, or is empty.')
    return { body: bytes }
  }
  throw new CountersignError('body-not-signable', NOT_SIGNABLE)
}

const NOT_SIGNABLE = 'The body can’t be read before it is sent, and all of it is signed: give text, bytes, FormData or a stream.'

/** Of any implementation, but that of the package form-data: undici has one of its own. */
function isFormData(body: object): body is FormData {
  return Object.prototype.toString.call(body) === '[object FormData]'
}

function copyForm(form: FormData): FormData {
  const copy = new FormData()
  for (const [name, value] of form.entries())
    if (typeof value === 'string') copy.append(name, value)
    else copy.append(name, value, value.name)
  return copy
}

/** Of the package form-data, which axios makes forms with on Node. */
interface PackagedForm {
  getBuffer(): Uint8Array
  getHeaders(): { readonly [name: string]: unknown }
}

function isPackagedForm(body: object): body is PackagedForm {
  return 'getBuffer' in body && typeof body.getBuffer === 'function' && 'getHeaders' in body && typeof body.getHeaders === 'function'
}

function holdPackagedForm(form: PackagedForm): HeldBody {
  try {
    return { body: form.getBuffer(), contentType: String(form.getHeaders()['content-type']), isMultipart: true }
  } catch (error) {
    throw new CountersignError('body-not-signable', 'A form that holds streams is not known before it is sent: give texts and Buffers.', {
      cause: error,
    })
  }
}

function isIterable(body: object): body is AsyncIterable<unknown> | Iterable<unknown> {
  return Symbol.asyncIterator in body || Symbol.iterator in body
}

async function readPieces(pieces: AsyncIterable<unknown> | Iterable<unknown>, maxBytes: number): Promise<Uint8Array> {
  const held: Uint8Array[] = []
  let length = 0
  const reader = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
  for (;;) {
    const { done, value } = await reader.next()
    if (done === true) return concatBytes(held)
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
    if (!(bytes instanceof Uint8Array))
      throw stop(reader, new CountersignError('body-not-signable', 'A stream that is signed gives bytes or text.'))
    length += bytes.length
    if (length > maxBytes) throw stop(reader, bodyTooLarge(maxBytes))
    held.push(bytes)
  }
}

/** Closes a stream, and doesn't wait for it: what closes it may be the error. */
function stop(reader: AsyncIterator<unknown> | Iterator<unknown>, error: CountersignError): CountersignError {
  Promise.resolve(reader.return?.()).catch(() => undefined)
  return error
}

/** For a body that is there already, too: its length is known once it is signed. */
export function bodyTooLarge(maxBytes: number): CountersignError {
  return new CountersignError('body-too-large', `The body is longer than ${maxBytes} bytes: set maxBodyBytes.`)
}
