import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import { tell } from '../contract/tell.ts'
import { clientAddress, compileTrustedProxies } from '../keys/client-address.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { IncomingRequest, Verification, VerifyOptions } from '../verify/verify.ts'
import { findLines, headerLines } from '../wire/header-lines.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { ask } from './ask.ts'

/** The options of every adapter. `R` is what its framework hands to middleware: a request, or a context. */
export interface AdapterOptions<R> extends VerifyOptions {
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

const NAMES = ['permission', 'deferBody', 'address', 'trustedProxies', 'target', 'onRefused', 'onError']

export interface Adapter<R> {
  /**
   * A request as the options have it.
   *
   * @param own as the framework has it
   * @throws what an option throws
   */
  incoming(request: R, own: IncomingRequest): IncomingRequest
  /**
   * Tells of a refusal.
   *
   * @throws Error where a call could not be judged, for a fault of the server
   */
  judged(result: Verification, request: R): void
  /** Tells of an error. @param isHandedOn whether the framework's error handler is given it */
  report(error: unknown, request: R, isHandedOn?: boolean): void
}

/**
 * What an adapter is told decides who gets in, so a misspelled option is refused, and so is a permission that is named
 * and not there: an environment variable that is not set, say.
 *
 * @param socketAddressOf where the framework's own address is not the socket's
 * @param names options beside those that every adapter has
 * @throws CountersignError `option-invalid`
 */
export function createAdapter<R>(
  options: AdapterOptions<R>,
  socketAddressOf?: (request: R) => string | undefined,
  names: readonly string[] = [],
): Adapter<R> {
  refuseUnknown(options, [...NAMES, ...names], 'requireSignature:')
  if ('permission' in options && options.permission === undefined)
    throw new CountersignError('option-invalid', 'The option permission is undefined: leave it out where any key will do.')
  const { address, target, onRefused, onError, trustedProxies } = options
  const isTrusted = trustedProxies === undefined ? undefined : compileTrustedProxies(trustedProxies)
  const isPlain = address === undefined && target === undefined && isTrusted === undefined

  function incoming(request: R, own: IncomingRequest): IncomingRequest {
    if (isPlain) return own
    const call = target === undefined ? own : { ...own, target: ask(target, request) }
    if (isTrusted === undefined) return address === undefined ? call : { ...call, address: ask(address, request) }
    const connected = address !== undefined ? ask(address, request) : socketAddressOf === undefined ? own.address : socketAddressOf(request)
    const isProxied = connected !== undefined && isTrusted(connected)
    return {
      ...call,
      address: clientAddress(connected, own.headers, isTrusted),
      host: isProxied ? forwardedHost(own.headers) : undefined,
    }
  }

  function report(error: unknown, request: R, isHandedOn = false): void {
    if (onError !== undefined) tell(onError, error, request)
    else if (!isHandedOn) tell(console.error, error)
  }

  return {
    incoming,
    report,
    judged(result, request) {
      if (result.ok) return
      const { failure } = result
      // A client that left, or whose body is late, is refused like any other.
      if (failure.code !== 'body-incomplete') throwUnjudged(result)
      try {
        // Not waited for: a log that is slow is not the caller's matter.
        Promise.resolve(onRefused?.(failure, request)).catch((error: unknown) => report(error, request))
      } catch (error) {
        report(error, request)
      }
    },
  }
}

/** Of an error in the check that was none. */
export const NOT_CHECKED = 'The signature was not checked.'

function forwardedHost(headers: IncomingHeaders): string | undefined {
  return findLines(headerLines(headers), 'x-forwarded-host')?.join(',').split(',').at(-1)?.trim()
}
