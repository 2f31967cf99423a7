import { asError } from '../contract/as-error.ts'
import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { shown } from '../contract/one-of.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { tell } from '../contract/tell.ts'
import { clientAddress, compileTrustedProxies, forwardedHost } from '../keys/client-address.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { IncomingRequest, Verification, Verifier, VerifyOptions } from '../verify/verify.ts'
import { ask } from './ask.ts'

/**
 * What tells a request's address and target where the framework can't. `R` is what the framework hands to middleware.
 */
export interface CallOptions<R> {
  /**
   * The address of whoever is connected, for keys that are bound to some. Default: the socket's, or what the framework
   * makes of it (`request.ip` of Express and Fastify, `context.ip` of Koa); the platforms of web-standard requests have
   * none.
   */
  readonly address?: ((request: R) => string | undefined) | undefined
  /**
   * The proxies in front of this server, as addresses and CIDR ranges. If the one that is connected is among them, the
   * client's address is read from `X-Forwarded-For` or `Forwarded` (see `clientAddress`), and the last name in
   * `X-Forwarded-Host` chooses among the verifier's origins. Default: none, and nothing of that is believed.
   */
  readonly trustedProxies?: readonly string[] | undefined
  /**
   * Path and query as the client sent them, where something in front of the check rewrites them. Default: those of the
   * request line, also where the framework is mounted under a path.
   */
  readonly target?: ((request: R) => string) | undefined
}

/** The options of every adapter. `R` is what its framework hands to middleware: a request, or a context. */
export interface AdapterOptions<R> extends VerifyOptions, CallOptions<R> {
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller. What it throws
   * or rejects with is told to `onError`, and changes no answer.
   */
  readonly onRefused?: ((failure: Failure, request: R) => void) | undefined
  /**
   * Told of everything that went wrong on the server: an option that throws, a body that a parser has eaten, a handler
   * that throws where the adapter calls it. The caller is answered with 500. Default: `console.error`, but for errors
   * that the framework's error handler is given.
   */
  readonly onError?: ((error: unknown, request: R) => void) | undefined
}

/**
 * A request as the options have it.
 *
 * @param own as the framework has it
 * @throws Error what an option throws
 */
export type ReadCall<R> = (request: R, own: IncomingRequest) => IncomingRequest

const CALL_NAMES = ['address', 'trustedProxies', 'target'] satisfies (keyof CallOptions<unknown>)[]
const NAMES = [...CALL_NAMES, 'permission', 'deferBody', 'onRefused', 'onError'] satisfies (keyof AdapterOptions<unknown>)[]

/** What came of a request. */
export interface Checked {
  readonly verifier: Verifier
  readonly result: Verification
  /** As it was verified. */
  readonly target: string
}

export interface Adapter<R> {
  /**
   * From a request to its verdict, of which a refusal is told to `onRefused`.
   *
   * @param verifier or what makes one for the call
   * @throws Error what failed on the server, once `onError` was told
   */
  check(verifier: Verifier | (() => Verifier | Promise<Verifier>), request: R, read: () => IncomingRequest): Promise<Checked>
  /** Tells of an error that no error handler is given. */
  report(error: unknown, request: R): void
}

export interface AdapterShape<R> {
  /** Reads the socket's address, for frameworks whose own may come from a header. */
  readonly socketAddressOf?: ((request: R) => string | undefined) | undefined
  /** Whether the framework has an error handler, which is given what the check throws. */
  readonly hasErrorHandler: boolean
  /** Options beside those that every adapter has. */
  readonly names?: readonly string[] | undefined
}

/**
 * What an adapter is told decides who gets in, so a misspelled option is refused, and so is one of another kind.
 *
 * @throws CountersignError `option-invalid`
 */
export function createAdapter<R>(
  options: AdapterOptions<R>,
  { socketAddressOf, hasErrorHandler, names = [] }: AdapterShape<R>,
): Adapter<R> {
  refuseUnknown(options, [...NAMES, ...names], 'requireSignature:')
  checkPermission(options)
  const { onRefused, onError } = options
  checkFunctions({ onRefused, onError })
  const readCall = createCallReader(options, socketAddressOf)

  function report(error: unknown, request: R): void {
    if (onError !== undefined) tell(onError, error, request)
    else tell(console.error, error)
  }

  function tellRefusal(failure: Failure, request: R): void {
    try {
      // Not waited for: a log that is slow is not the caller's matter.
      Promise.resolve(onRefused?.(failure, request)).catch((error: unknown) => report(error, request))
    } catch (error) {
      report(error, request)
    }
  }

  return {
    report,
    async check(given, request, read) {
      try {
        const verifier = typeof given === 'function' ? await given() : given
        const call = readCall(request, read())
        const result = await verifier.verify(call, options)
        if (!result.ok) {
          // A client that left, or whose body is late, is refused like any other.
          if (result.failure.code !== 'body-incomplete') throwUnjudged(result)
          tellRefusal(result.failure, request)
        }
        return { verifier, result, target: call.target }
      } catch (thrown) {
        const error = asError(thrown, NOT_CHECKED)
        if (!hasErrorHandler || onError !== undefined) report(error, request)
        throw error
      }
    },
  }
}

/** Those of {@link callReaderOf}. */
const readers = new WeakMap<object, ReadCall<never>>()

/**
 * For options that are given with every request: what they come to is worked out once.
 *
 * @throws CountersignError `option-invalid`
 */
export function callReaderOf<R>(
  options: CallOptions<R>,
  more: readonly string[],
  socketAddressOf?: (request: R) => string | undefined,
): ReadCall<R> {
  const known = readers.get(options)
  if (known !== undefined) return known as ReadCall<R>
  refuseUnknown(options, [...CALL_NAMES, ...more], 'The request:')
  const made = createCallReader(options, socketAddressOf)
  readers.set(options, made)
  return made
}

function createCallReader<R>(
  { address, target, trustedProxies }: CallOptions<R>,
  socketAddressOf?: (request: R) => string | undefined,
): ReadCall<R> {
  checkFunctions({ address, target })
  const isTrusted = trustedProxies === undefined ? undefined : compileTrustedProxies(trustedProxies)
  if (address === undefined && target === undefined && isTrusted === undefined) return (_request, own) => own
  return (request, own) => {
    const call = target === undefined ? own : { ...own, target: checkTarget(ask(target, request)) }
    if (isTrusted === undefined) return address === undefined ? call : { ...call, address: ask(address, request) }
    const connected = address !== undefined ? ask(address, request) : socketAddressOf === undefined ? own.address : socketAddressOf(request)
    return {
      ...call,
      address: clientAddress(connected, own.headers, isTrusted),
      host: forwardedHost(connected, own.headers, isTrusted),
    }
  }
}

function checkTarget(target: unknown): string {
  if (typeof target === 'string' && target.startsWith('/')) return target
  throw new CountersignError('option-invalid', `The option target gives path and query, such as /v1/x?a=1; got ${shown(target)}.`)
}

/** A permission that is named and not there, an environment variable that is not set, must not let everybody in. */
function checkPermission(options: { readonly permission?: unknown }): void {
  if (!('permission' in options)) return
  const names: readonly unknown[] = Array.isArray(options.permission) ? options.permission : [options.permission]
  if (names.length > 0 && names.every(name => typeof name === 'string' && name !== '')) return
  throw new CountersignError(
    'option-invalid',
    'The option permission is a name, or a list of names of which a key needs one: leave it out where any key will do.',
  )
}

/**
 * For what a program hands to an adapter in the wrong order, or not at all.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkVerifier(verifier: unknown): void {
  if (typeof verifier !== 'object' || verifier === null || !('verify' in verifier))
    throw new CountersignError('option-invalid', 'requireSignature: the first argument is a verifier, of createVerifier(scheme, options).')
}

/** The same for the handler behind the check. @throws CountersignError `option-invalid` */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new CountersignError('option-invalid', 'requireSignature: the second argument is the handler of verified calls.')
}

/** Where something other than an error was thrown. */
const NOT_CHECKED = 'The signature was not checked.'
