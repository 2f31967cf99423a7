import { CountersignError } from '../contract/error.ts'
import { checkFunctions } from '../contract/refuse-unknown.ts'
import type { Signer } from '../sign/sign.ts'
import { asResponse } from './clocks.ts'
import { DEFAULT_MAX_REDIRECTS, follow, type PreparedCall, REDIRECTS } from './fetch.ts'
import { type ClientOptions, createOutgoing, headersOf, type OutgoingCall, redirectWithin } from './outgoing.ts'

/** What is needed of the configuration of an axios request. */
export interface AxiosConfigLike {
  adapter?: unknown
  baseURL?: string | undefined
  method?: string | undefined
  data?: unknown
  headers?: unknown
  auth?: unknown
  maxRedirects?: number | undefined
  beforeRedirect?: unknown
  transport?: unknown
  readonly transitional?: { readonly [name: string]: unknown } | undefined
  fetchOptions?: unknown
}

/** What is needed of an axios response. */
export interface AxiosResponseLike {
  readonly status: number
  readonly data: unknown
  readonly headers: unknown
}

/** What is needed of an axios instance. */
export interface AxiosLike {
  readonly interceptors: { readonly request: object }
  getUri(config?: object): string
  create(config?: object): { readonly defaults: object; request(config: object): Promise<AxiosResponseLike> }
}

export type AxiosOptions = ClientOptions

/** What a signing adapter was made around: an instance may be signed twice, and a request sent again. */
const GIVEN = Symbol('countersign.adapter')

/** An adapter of axios that signs. */
interface SigningAdapter {
  (config: AxiosConfigLike): Promise<AxiosResponseLike>
  readonly [GIVEN]: unknown
}

/** What came of one attempt: axios throws for most answers that aren't a success. */
type Outcome = { readonly response: AxiosResponseLike; readonly error?: object }

/**
 * Makes an axios instance sign what it sends: the URL with `params`, and the bytes that `transformRequest` has made.
 * Every attempt is signed anew, also where an interceptor (`axios-retry`) sends a request again. Redirects are followed
 * within the origin, up to `maxRedirects`. In browsers, axios sends by `fetch` then, since `XMLHttpRequest` takes a
 * signature along to wherever a server redirects.
 *
 * ```ts
 * const api = signAxios(axios.create({ baseURL: 'https://api.example.com/v1' }), signer)
 * const { data } = await api.post('/orders', { amount: '1' })
 * ```
 *
 * Requests reject with what axios rejects with, and CountersignError `url-foreign` (for another origin than that of
 * `baseURL`), `url-not-signable`, `body-not-signable`, `body-too-large`, `redirect-refused`, `too-many-redirects`,
 * `redirect-hidden`, `option-invalid` (an option of axios that doesn't go with a signature, or a header that can't be
 * sent).
 *
 * @returns the same instance
 * @throws CountersignError `option-invalid`
 */
export function signAxios<I extends AxiosLike>(instance: I, signer: Signer, options: AxiosOptions = {}): I {
  const outgoing = createOutgoing(signer, options, 'signAxios:')
  checkFunctions({ create: instance.create, getUri: instance.getUri })
  // It sends as it is told: no interceptors, and nothing set for it, as all that was is in the request already.
  const bare = instance.create()
  for (const name of Object.keys(bare.defaults)) Reflect.deleteProperty(bare.defaults, name)

  async function attempt(config: AxiosConfigLike, call: PreparedCall, adapter: unknown, by?: Signer): Promise<Outcome> {
    const signed = await outgoing.sign(call, by)
    if ('authorization' in signed.headers && config.auth !== undefined && config.auth !== null)
      throw new CountersignError('option-invalid', 'axios sends its option auth in the place of the signature: leave it out.')
    const { fetchOptions } = config
    const request = {
      ...config,
      ...PLAIN,
      adapter,
      method: signed.method,
      url: signed.url,
      headers: { ...unsetHeaders(config.headers, signed.method), ...signed.headers },
      data: signed.body === undefined ? undefined : bufferOf(signed.body),
      fetchOptions: { ...(typeof fetchOptions === 'object' ? fetchOptions : {}), redirect: 'manual' },
    }
    try {
      return { response: withConfig(await bare.request(request), config) }
    } catch (error) {
      // Whoever sends `error.config` again must not send the signature again.
      if (typeof error !== 'object' || error === null) throw error
      withConfig(error, config)
      if (!('response' in error) || !isResponse(error.response)) throw error
      return { response: withConfig(error.response, config), error }
    }
  }

  async function sendOnTime(config: AxiosConfigLike, call: PreparedCall, adapter: unknown): Promise<Outcome> {
    const { clocks } = outgoing
    const first = await attempt(config, call, adapter)
    const { status } = first.response
    const other = await clocks.correct(call.url, status, () => toResponse(first.response))
    if (other === undefined) return first
    drop(first.response)
    const second = await attempt(config, call, adapter, other)
    clocks.keep(call.url, second.response.status, other)
    return second
  }

  function signingAdapter(given: unknown): SigningAdapter {
    const send = async (config: AxiosConfigLike): Promise<AxiosResponseLike> => {
      const adapter = withoutXhr(given)
      const { maxRedirects = DEFAULT_MAX_REDIRECTS } = config
      refuseFollowers(config)
      const call = await outgoing.prepare(callOf(instance, config))
      for (let redirects = 0; ; redirects++) {
        const outcome = await sendOnTime(config, call, adapter)
        const { response, error } = outcome
        if (response.status === 0) throw new CountersignError('redirect-hidden', HIDDEN)
        const location = REDIRECTS.includes(response.status) ? headersIn(response).get('location') : null
        if (location === null || maxRedirects === 0) {
          if (error !== undefined) throw error
          return response
        }
        if (redirects >= maxRedirects) throw new CountersignError('too-many-redirects', `Gave up after ${maxRedirects} redirects.`)
        drop(response)
        follow(call, response.status, redirectWithin(call.url, location, 'set maxRedirects: 0 to get the answer').href)
      }
    }
    return Object.assign(send, { [GIVEN]: given })
  }

  // A request that is sent again has the signing adapter already, which no other interceptor is to wrap.
  surround(
    instance.interceptors.request,
    config => Object.assign(config, { adapter: withoutSigning(config.adapter) }),
    config => Object.assign(config, { adapter: signingAdapter(withoutSigning(config.adapter)) }),
  )
  return instance
}

type Interceptor = (config: AxiosConfigLike) => AxiosConfigLike

/**
 * Puts interceptors around all others of an instance, also around those that come later: one that names an adapter
 * after the signing one was set would send without a signature. axios asks `forEach` for its interceptors, and runs
 * them from the last to the first, or as they come, as `legacyInterceptorReqResOrdering` says.
 *
 * @throws CountersignError `option-invalid`
 */
function surround(interceptors: object, begin: Interceptor, end: Interceptor): void {
  const forEach: unknown = Reflect.get(interceptors, 'forEach')
  if (typeof forEach !== 'function')
    throw new CountersignError('option-invalid', 'signAxios: an instance of axios is wanted, whose interceptors have forEach.')
  const isReversed = ({ transitional }: AxiosConfigLike): boolean => transitional?.['legacyInterceptorReqResOrdering'] !== false
  const reversed = (fulfilled: Interceptor): object => ({ fulfilled, synchronous: false, runWhen: isReversed })
  const inOrder = (fulfilled: Interceptor): object => ({
    fulfilled,
    synchronous: false,
    runWhen: (config: AxiosConfigLike) => !isReversed(config),
  })
  Object.assign(interceptors, {
    forEach(tell: (interceptor: object) => void): void {
      tell(reversed(end))
      tell(inOrder(begin))
      forEach.call(interceptors, tell)
      tell(reversed(begin))
      tell(inOrder(end))
    },
  })
}

function withoutSigning(adapter: unknown): unknown {
  return typeof adapter === 'function' && GIVEN in adapter ? adapter[GIVEN] : adapter
}

/** Options with which axios' own adapter would follow redirects itself, and take the signature along. */
function refuseFollowers({ beforeRedirect, transport }: AxiosConfigLike): void {
  for (const [name, value] of Object.entries({ beforeRedirect, transport }))
    if (value !== undefined && value !== null)
      throw new CountersignError('option-invalid', `Signed requests follow redirects themselves, without ${name}: leave it out.`)
}

/** The headers that axios is not to add after the call was signed: `false` has it leave one out. */
function unsetHeaders(headers: unknown, method: string): { readonly [name: string]: false } {
  const unset = entriesOf(headers).filter(([, value]) => value === false || value === null)
  const type = ['POST', 'PUT', 'PATCH'].includes(method) ? ['content-type'] : []
  return Object.fromEntries([...type, ...unset.map(([name]) => name.toLowerCase())].map(name => [name, false as const]))
}

/** What was done to a request before it was signed, and is not to be done again. */
const PLAIN = {
  baseURL: undefined,
  params: undefined,
  paramsSerializer: undefined,
  allowAbsoluteUrls: true,
  transformRequest: [],
  transformResponse: [],
  beforeRedirect: undefined,
  transport: undefined,
  maxRedirects: 0,
}

const HIDDEN = 'The server redirects, and this runtime hides where: call the final URL.'

function callOf(instance: Pick<AxiosLike, 'getUri'>, config: AxiosConfigLike): OutgoingCall {
  const { method = 'get', baseURL, data, headers } = config
  const base = baseURL === undefined || baseURL === '' ? undefined : baseURL
  return { method, url: instance.getUri(config), headers: headersOf(entriesOf(headers)), body: data, base }
}

/** In browsers, axios' own order is `xhr` first. */
function withoutXhr(adapter: unknown): unknown {
  if (adapter === undefined) return ['http', 'fetch']
  const names: readonly unknown[] = Array.isArray(adapter) ? adapter : [adapter]
  const left = names.filter(name => name !== 'xhr')
  if (left.length > 0) return Array.isArray(adapter) ? left : adapter
  throw new CountersignError(
    'option-invalid',
    'XMLHttpRequest takes a signature along to wherever a server redirects: use the adapter fetch.',
  )
}

/** Of an AxiosHeaders, or what takes its place. */
function entriesOf(headers: unknown): readonly (readonly [string, unknown])[] {
  return typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
}

function headersIn({ headers }: AxiosResponseLike): Headers {
  return headersOf(entriesOf(headers))
}

function withConfig<T extends object>(of: T, config: AxiosConfigLike): T {
  return Object.assign(of, { config })
}

function isResponse(response: unknown): response is AxiosResponseLike {
  return typeof response === 'object' && response !== null && 'status' in response
}

/** Every adapter takes this kind of bytes. A copy, as the memory may be shared with others. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function toResponse(response: AxiosResponseLike): Response {
  const { status, data } = response
  const isHeld = typeof data === 'string' || data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob
  return asResponse(status, headersIn(response), isHeld ? (data as BodyInit) : undefined)
}

/** An answer that nobody reads: a stream would hold its connection. */
function drop({ data }: AxiosResponseLike): void {
  if (typeof data !== 'object' || data === null) return
  if ('destroy' in data && typeof data.destroy === 'function') data.destroy()
  else if (data instanceof ReadableStream) data.cancel().catch(() => undefined)
}
